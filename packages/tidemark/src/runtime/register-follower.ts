import { toSafeInteger } from "../database/number.ts";
import { sameQuery } from "../read/same-query.ts";
import type { Follower } from "./follower.ts";
import type { WorkerContext } from "./worker-context.ts";

/** What of a follower's definition the database holds, to notice when it changes. */
interface RegisteredDefinition {
  readonly filter?: unknown;
  readonly tenants?: unknown;
}

/** Makes a follower known to the database, and asks for the number of shards that its definition names. */
export async function registerFollower(context: WorkerContext, tenant: string, follower: Follower): Promise<void> {
  const { database, statements, logger } = context;
  const { name, shards, startAfter = null, filter = null, tenants } = follower;
  const definition: RegisteredDefinition = { filter, tenants };
  const { kind, owner, ownerVersion = null } = follower;
  const [row] = await database.query(statements.register, [
    tenant,
    name,
    shards,
    startAfter,
    JSON.stringify(definition),
    kind.name,
    owner === name ? null : owner,
    ownerVersion,
    follower.source?.name ?? "events",
  ]);
  await follower.registered?.(tenant);
  // One whose kind registered it before has no definition yet.
  const before: RegisteredDefinition | null = JSON.parse(row?.["before"] ?? "null");
  if (before?.filter !== undefined && (!sameQuery(before.filter, filter) || before.tenants !== tenants)) logger.warn(`tidemark: ${follower.filterChanged}`);
  if (row && toSafeInteger(row["shards"]) !== shards) await database.query(statements.requestShards, [tenant, name, shards]);
}
