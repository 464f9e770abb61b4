import type { Statement } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import { milliseconds } from "../../database/milliseconds.ts";
import { functionName } from "../../schema/function-set.ts";

export interface SnapshotStatements {
  /** `keep-snapshot.sql` */
  readonly keep: Statement;
  /** $1 tenant, $2 kind, $3 name, $4 key, $5 state version, $6 catalogue: the one of these, or else another. */
  readonly find: Statement;
  /** $1 tenant; $2 name, $3 stream and $4 state version where not null; $5 rows. */
  readonly list: Statement;
  /** As `list`, without rows. */
  readonly remove: Statement;
}

export function snapshotStatements(schema: string): SnapshotStatements {
  const at = quoteIdentifier(schema);
  const named = (name: string, text: string): Statement => ({ name: `tidemark_snapshot_${name}`, text });
  const chosen = `
 where k.tenant = $1
   and ($2::text is null or k.name = $2)
   and ($3::text is null or case when k.kind = 'streams' then k.heads::jsonb operator(pg_catalog.@>) pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_array($3::text)) else k.key = $3 end)
   and ($4::integer is null or k.state_version = $4)`;
  return {
    keep: named(
      "keep",
      `select ${functionName(schema, "keep_snapshot")}($1, $2, $3, $4, $5::integer, $6, $7::bigint, $8::bigint, $9::uuid, $10::text::json, $11::text::json, $12::text::json, $13::uuid)::text as kept`,
    ),
    find: named(
      "find",
      `
select k.state_version::text, k.catalogue, k.version::text as snapshot_version, k.position::text as snapshot_position, k.event_id::text as snapshot_event_id,
       k.heads::text, k.state::text as snapshot_state, k.patches::text as snapshot_patches
  from ${at}.snapshots as k
 where k.tenant = $1 and k.kind = $2 and k.name = $3 and k.key = $4
 order by (k.state_version = $5::integer and k.catalogue = $6) desc, k.state_version desc
 limit 1`,
    ),
    list: named(
      "list",
      `
select k.kind, k.name, k.key, k.state_version::text, k.version::text, k.position::text, k.heads::text,
       pg_catalog.octet_length(k.state::text)::text as bytes, ${milliseconds("k.taken_at")} as taken_at
  from ${at}.snapshots as k${chosen}
 order by k.taken_at desc, k.kind, k.name, k.key, k.state_version desc
 limit $5`,
    ),
    // Locked in the order of `keep-snapshot.sql` before any is deleted.
    remove: named(
      "remove",
      `
with chosen as materialized (
  select k.tenant, k.kind, k.name, k.key, k.state_version, k.catalogue
    from ${at}.snapshots as k${chosen}
   order by k.kind, k.name, k.key, k.state_version desc, k.catalogue
     for update
), gone as (
  delete from ${at}.snapshots as s
   using chosen as k
   where (s.tenant, s.kind, s.name, s.key, s.state_version, s.catalogue) = (k.tenant, k.kind, k.name, k.key, k.state_version, k.catalogue)
  returning 1
)
select pg_catalog.count(*)::text as gone from gone`,
    ),
  };
}
