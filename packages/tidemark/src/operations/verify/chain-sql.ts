/**
 * What an event's hash is made of, as `chain_event()` computes it: its own text, so that a function that was replaced cannot vouch for what was
 * changed. docs/design/chain.md describes it.
 *
 * @param event - The row of `events`.
 * @param before - The hash of the event before it in its stream, or else of the stream's name.
 */
export function hashSql(event: string, before: string): string {
  return `pg_catalog.sha256(
           ${before} || pg_catalog.uuid_send(${event}.id) || pg_catalog.int8send(${event}.position) || pg_catalog.int8send(${event}.version)
           || pg_catalog.timestamptz_send(${event}.recorded_at) || pg_catalog.int2send(${event}.schema_version)
           || pg_catalog.convert_to(
                ${event}.tenant || pg_catalog.chr(30) || ${event}.type || pg_catalog.chr(30) || ${event}.data::text || pg_catalog.chr(30)
                || coalesce(${event}.metadata::text, '') || pg_catalog.chr(30) || coalesce(${event}.tags::text, ''), 'UTF8'::name))`;
}

/** What the first event of a stream with a hash stands on. @param stream - The row of `streams`. */
export function hashOfNameSql(stream: string): string {
  return `pg_catalog.sha256(pg_catalog.convert_to(${stream}.name, 'UTF8'::name))`;
}
