import { eventColumns } from "./decode.ts";

/** Whether a snapshot is of this state version, and its events were read by this catalogue. */
const isOurs = "k.state_version = r.state_version and k.catalogue = r.catalogue";

/** A state is sent once, not with every event that follows it. */
const firstOfSnapshot = `${isOurs} and (e.version is null or e.version = k.version)`;

/**
 * The beginnings of ranges of streams, without snapshots.
 *
 * @param schema - Quoted.
 * @param requests - What gives the ranges.
 * @param limit - The most rows of each.
 */
export function firstPagesSql(schema: string, requests: string, limit: string): string {
  return `
select r.n::text as n, ${eventColumns}
  from ${requests} as r
 cross join lateral (
    select e.* from ${schema}.events as e
     where e.stream_id = ${streamOf(schema)} and e.version > r.after and e.version <= r.until
     order by e.version
     limit ${limit}
  ) as e`;
}

/** The same, each beginning with the last event that its snapshot holds, if it has one. */
export function firstPagesFromSnapshotsSql(schema: string, requests: string, limit: string): string {
  return `
select r.n::text as n, k.state_version::text as snapshot_state_version,
       case when ${firstOfSnapshot} then k.version::text end as snapshot_version,
       case when ${firstOfSnapshot} then k.position::text end as snapshot_position,
       case when ${firstOfSnapshot} then k.event_id::text end as snapshot_event_id,
       case when ${firstOfSnapshot} then k.state::text end as snapshot_state,
       case when ${firstOfSnapshot} then k.patches::text end as snapshot_patches, ${eventColumns}
  from ${requests} as r
  left join lateral (
    select k.*
      from ${schema}.snapshots as k
     where k.tenant = r.tenant and k.kind = r.kind and k.name = r.snapshot and k.key = r.name
     order by (${isOurs}) desc, k.state_version desc
     limit 1
  ) as k on true
  left join lateral (
    select e.* from ${schema}.events as e
     where e.stream_id = ${streamOf(schema)} and e.version <= r.until
       and e.version >= case when ${isOurs} then k.version else r.after + 1 end
     order by e.version
     limit ${limit}
  ) as e on true`;
}

function streamOf(schema: string): string {
  return `(select s.id from ${schema}.streams as s where s.tenant = r.tenant and s.name = r.name)`;
}
