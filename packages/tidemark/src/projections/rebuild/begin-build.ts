import type { Database } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import { functionName } from "../../schema/function-set.ts";
import { type DefinedProjection, followsSql } from "../defined-projection.ts";

/**
 * Notes that a version is being built for a tenant, whose follower is registered: one that never served, beside another version that does.
 * Nothing where it has begun, or where this version serves itself.
 *
 * @see SQL: `schema/functions/begin-build.sql`
 */
export async function beginBuild(database: Database, schema: string, { name, version, rebuild }: DefinedProjection, tenant: string): Promise<void> {
  const at = quoteIdentifier(schema);
  const text = `
select ${functionName(schema, "begin_build")}(p.name, p.version, c.tenant, s.position, $4)
  from ${at}.projections as p
  join ${at}.consumers as c on ${followsSql} and c.tenant = $3
  join ${at}.consumer_shards as s on s.tenant = c.tenant and s.consumer = c.name
 where p.name = $1 and p.version = $2 and not p.serving and p.served_until is null and p.state not in ('paused', 'inactive')`;
  await database.query({ name: "tidemark_begin_build", text }, [name, version, tenant, rebuild]);
}
