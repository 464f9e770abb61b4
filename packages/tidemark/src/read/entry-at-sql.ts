/**
 * The event or the message of the outbox at a position, for `lateral`: no position belongs to both. Columns as those of `events`, and
 * `stream_name`; of a message the topic is the type, the key the stream, and version 0.
 *
 * @param schema - Quoted.
 */
export function entryAtSql(schema: string, position: string): string {
  return `(
    select e.position, e.version, e.id, e.recorded_at, e.schema_version, e.tenant, e.type, e.data, e.metadata, e.tags, s.name as stream_name, e.stream_id
      from ${schema}.events as e
      join ${schema}.streams as s on s.id = e.stream_id
     where e.position = ${position}
    union all
    select o.position, 0::bigint, o.id, o.published_at, 1::smallint, o.tenant, o.topic, o.payload, o.headers, null::text[], o.key, 0::bigint
      from ${schema}.outbox as o
     where o.position = ${position}
  )`;
}
