/** The columns of an event of the log that its table does not hold, from `streamJoin`. */
export const logColumns = "stream_name, e.tenant as tenant,";

/** The same, with the number of the stream. */
export const followColumns: string = `${logColumns} e.stream_id::text as stream_number,`;

/** OFFSET 0 keeps it a look-up by key for each event, cached by the server: as a plain join it could become a scan of all streams. */
export function streamJoin(schema: string): string {
  return `cross join lateral (select s.name as stream_name, s.category from ${schema}.streams as s where s.id = e.stream_id offset 0) as s`;
}
