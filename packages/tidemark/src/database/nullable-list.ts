/** Numbers or uuids, some of them null, as the text that `nullableListSql` reads. */
export function nullableList(items: readonly (number | string | null | undefined)[]): string {
  return items.map((item) => item ?? "null").join();
}

/**
 * An array of that text. In an array's own text, `{1,null}`, a null is none where a role or a database has `array_nulls` off.
 *
 * @param type - Of the items: `bigint`.
 */
export function nullableListSql(placeholder: string, type: "bigint" | "uuid"): string {
  return `pg_catalog.string_to_array(${placeholder}, ',', 'null')::${type}[]`;
}
