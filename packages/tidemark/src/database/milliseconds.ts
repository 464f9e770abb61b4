/** Milliseconds since 1970 of a timestamptz(3) as text, which neither DateStyle nor TimeZone changes. */
export function milliseconds(column: string): string {
  return `(pg_catalog.date_part('epoch', ${column}) * 1000::float8)::bigint::text`;
}
