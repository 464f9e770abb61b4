import type { Database, Statement } from "../database/database.ts";
import { InvalidArgumentError, isTidemarkError } from "../errors/errors.ts";
import { type CreatedCollection, createCollections } from "../documents/create-collections.ts";
import type { Logger } from "../model/logger.ts";
import { DefinedDocumentProjection, type DefinedProjection, type HandlerWork } from "./defined-projection.ts";
import type { CreateProjectionTransaction } from "./projection.ts";
import { refuseChanged } from "./refuse-changed.ts";
import { readRegistry, type RegisteredProjection, type Registry, registryStatement } from "./registry.ts";
import { functionName } from "../schema/function-set.ts";

/** Others that register the same wait. A process that stands still meanwhile must not hold them up for as long as their statements may take. */
const idleTimeoutMs = 10_000;

/** What registering needs of the store. */
export interface Registrar {
  readonly database: Database;
  readonly schema: string;
  /** The store inside a transaction, for `setup`. */
  readonly createTransaction: CreateProjectionTransaction;
  /** Is told whom a new index waits for. */
  readonly logger: Logger;
}

/**
 * Makes projections known: creates the tables of their collections, runs `setup`, and writes the registry; nothing where they are
 * known. Any number of processes may do this at once: `setup` runs once, and what it does commits with the registry.
 *
 * @returns The registry as it was before, or as it is where nothing was new.
 * @throws {@link InvalidArgumentError} — a collection is another projection's.
 * @throws {@link ProjectionChangedError} — a version is registered with another mode, another collection or other events.
 * @throws What `setup` throws.
 */
export async function registerProjections(
  { database, schema, createTransaction, logger }: Registrar,
  projections: readonly DefinedProjection[],
): Promise<Registry> {
  const registry = await readRegistry(database, registryStatement(schema));
  const fresh = projections.filter((projection) => isNew(projection, registry.projections));
  // A known collection may have got an index since.
  const collections = projections.filter((projection) => projection instanceof DefinedDocumentProjection);
  await createCollections(
    database,
    schema,
    collections
      .filter((projection) => projection.indexes.length > 0 || fresh.includes(projection))
      .map((projection) => beforeItServes(projection, servingVersion(projection.name, registry.projections, fresh))),
    { logger },
  );
  if (fresh.length === 0) return registry;
  const register: Statement = {
    name: "tidemark_register_projection",
    text: `select ${functionName(schema, "register_projection")}($1, $2, $3, $4::text::jsonb, $5)::text as serving`,
  };
  let others = false;
  for (const projection of fresh) {
    const { name, version, mode, rebuild, events, work } = projection;
    const kept =
      work.kind === "documents" ? { collection: work.collection, ...(work.deletes === "soft" && { deletes: work.deletes }) } : { hooks: hooksOf(work) };
    const definition = { filter: events.query, ...kept };
    await database.transaction(
      async (session) => {
        const [row] = await session.query(register, [name, version, mode, JSON.stringify(definition), rebuild === "manual"]);
        if (row?.["serving"] == null) others = true;
        else if (work.kind === "handler") await work.setup?.(createTransaction(session, ""));
      },
      { idleTimeoutMs },
    );
  }
  // Another process came first, maybe with another definition.
  if (others) for (const projection of fresh) isNew(projection, (await readRegistry(database, registryStatement(schema))).projections);
  return registry;
}

/** What it takes a process with the definition to do. */
function hooksOf({ swap, teardown }: HandlerWork): readonly string[] {
  return [...(swap ? ["swap"] : []), ...(teardown ? ["teardown"] : [])];
}

/** The version that serves, or will: the first that is registered. Undefined: whichever is registered next. */
export function servingVersion(name: string, registered: readonly RegisteredProjection[], fresh: readonly DefinedProjection[]): number | undefined {
  const versions = registered.filter((other) => other.name === name);
  return versions.length > 0 ? versions.find(({ serving }) => serving)?.version : fresh.find((other) => other.name === name)?.version;
}

/**
 * Of a version that does not serve no view, which readers would find half filled, and its unique indexes alone: they refuse what they must, and
 * its build creates the others at the end, which costs less than maintaining them with each document.
 */
function beforeItServes(projection: DefinedDocumentProjection, serving: number | undefined): CreatedCollection {
  const { version, collection, deletes, indexes } = projection;
  const serves = serving === undefined || serving === version;
  return { collection, version, deletes, serves, indexes: serves ? indexes : indexes.filter(({ unique }) => unique) };
}

function isNew(projection: DefinedProjection, registered: readonly RegisteredProjection[]): boolean {
  const { name, version } = projection;
  const collection = projection instanceof DefinedDocumentProjection ? projection.collection : undefined;
  const owner = registered.find((other) => other.collection !== null && other.collection === collection && other.name !== name);
  if (owner)
    throw new InvalidArgumentError(
      "options.projections",
      `holds ${JSON.stringify(name)} with the collection ${JSON.stringify(collection)}, which is that of ${JSON.stringify(owner.name)}`,
    );
  const known = registered.find((other) => other.name === name && other.version === version);
  if (known) refuseChanged(projection, known);
  return !known;
}

/** A standby cannot register anything; the primary did. */
export function isReadOnly(error: unknown): boolean {
  return isTidemarkError(error, "DATABASE") && error.sqlState === "25006";
}
