import { toSafeInteger } from "../database/number.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import type { DefinedProjection } from "../projections/defined-projection.ts";
import type { DefinedConsumer } from "./define-consumer.ts";
import type { WorkerParts } from "../runtime/parts.ts";

/** What of a definition the database keeps, to tell when it changes. */
interface KeptDefinition {
  readonly filter?: unknown;
  readonly tenants?: unknown;
}

/** Makes a consumer known to the database, and asks for the number of shards that its definition names. */
export async function declareConsumer(parts: WorkerParts, tenant: string, { name, settings }: DefinedConsumer): Promise<void> {
  const { database, statements, logger } = parts;
  const definition: KeptDefinition = { filter: settings.filter ?? null, tenants: settings.tenants };
  const [row] = await database.query(statements.declare, [
    tenant,
    name,
    settings.shards,
    settings.startAfter ?? null,
    JSON.stringify(definition),
    settings.projection ? "projection" : "consumer",
    settings.projection?.name ?? null,
    settings.projection?.version ?? null,
  ]);
  const before: KeptDefinition | null = JSON.parse(row?.["before"] ?? "null");
  if (settings.projection) await pauseWith(parts, tenant, name, settings.projection);
  // A projection's follower that was just registered has none yet.
  if (before?.filter !== undefined && (!same(before.filter, definition.filter) || before.tenants !== definition.tenants))
    logger.warn(
      settings.projection
        ? `tidemark: projection ${JSON.stringify(settings.projection.name)} handles other events than before. From here on only: give it another version to build it from the beginning.`
        : `tidemark: consumer ${JSON.stringify(name)} has another filter than before. It counts from the checkpoint on: events behind it that only the new filter lets through are not handled. Set it back with store.consumers.reset, or give the consumer a new name.`,
    );
  if (row && toSafeInteger(row["shards"]) !== settings.shards) await database.query(statements.requestShards, [tenant, name, settings.shards]);
}

/** A follower of a tenant's that comes after somebody paused its projection. */
async function pauseWith({ database, schema }: WorkerParts, tenant: string, follower: string, { name, version }: DefinedProjection): Promise<void> {
  const at = quoteIdentifier(schema);
  const text = `
update ${at}.consumers as c
   set paused = true
  from ${at}.projections as p
 where c.tenant = $1 and c.name = $2 and not c.paused
   and p.name = $3 and p.version = $4 and p.state not in ('behind', 'following')`;
  await database.query({ name: "tidemark_pause_follower", text }, [tenant, follower, name, version]);
}

/** jsonb changes the order of keys, and nothing else that a filter can hold. */
function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
