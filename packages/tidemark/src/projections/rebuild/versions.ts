import { InvalidArgumentError } from "../../errors/errors.ts";
import type { AdministrationScope } from "../../runtime/administration-scope.ts";
import type { Worker } from "../../runtime/worker.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import type { DefinedProjection } from "../defined-projection.ts";
import type { CreateProjectionTransaction } from "../projection.ts";
import type { ProjectionInfo } from "../projection-info.ts";
import { Swap } from "./swap.ts";
import { swapTo } from "./swap-target.ts";

/** What the calls about versions of projections need of the store. */
export interface VersionsScope extends AdministrationScope {
  /** The definitions that this process has, of any version. */
  readonly definitions: () => Iterable<DefinedProjection>;
  readonly createTransaction: CreateProjectionTransaction;
  /** One that follows this projection alone. */
  readonly createWorker: (projection: DefinedProjection) => Worker;
}

/** What a definition does besides, as the registry noted it. */
interface Hooks {
  readonly swap: boolean;
  readonly teardown: boolean;
}

export function definitionOf(scope: VersionsScope, { name, version }: { readonly name: string; readonly version: number }): DefinedProjection | undefined {
  for (const definition of scope.definitions()) if (definition.name === name && definition.version === version) return definition;
  return undefined;
}

/** The newest version of a projection that this process has the definition of. */
export function newestDefined(scope: VersionsScope, name: string): number | undefined {
  const versions = [...scope.definitions()].filter((definition) => definition.name === name).map(({ version }) => version);
  return versions.length === 0 ? undefined : Math.max(...versions);
}

export async function hooksOf({ context: { database, schema } }: VersionsScope, { name, version }: Pick<ProjectionInfo, "name" | "version">): Promise<Hooks> {
  const text = `select (p.definition operator(pg_catalog.->) 'hooks')::text as hooks from ${quoteIdentifier(schema)}.projections as p where p.name = $1 and p.version = $2`;
  const [row] = await database.query({ name: "tidemark_projection_hooks", text }, [name, version]);
  const hooks: unknown = JSON.parse(row?.["hooks"] ?? "[]");
  return Array.isArray(hooks) ? { swap: hooks.includes("swap"), teardown: hooks.includes("teardown") } : { swap: false, teardown: false };
}

/**
 * The swap to a version that is registered, by whatever process.
 *
 * @throws {@link InvalidArgumentError} — its definition has a function `swap`, and this process has no definition of it.
 */
export async function swapToRegistered(scope: VersionsScope, info: ProjectionInfo): Promise<Swap> {
  const definition = definitionOf(scope, info);
  if (definition) return swapTo(scope.context, definition, scope.createTransaction);
  if ((await hooksOf(scope, info)).swap)
    throw new InvalidArgumentError(
      "name",
      `is ${JSON.stringify(info.name)}, whose version ${info.version} has a function "swap", which this store does not have: pass that version to openEventStore, or call this where it was`,
    );
  return new Swap(scope.context, { name: info.name, version: info.version, mode: info.mode, collection: info.collection, hook: undefined });
}
