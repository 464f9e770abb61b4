import { earliestMs, type ValidQueryItem } from "./filter.ts";

/** What a filter becomes: a condition on the rows `e` and `s` whose text depends on the filter's shape alone, and its values. */
export interface FilterSql {
  /** The same for filters that differ only in values. */
  readonly shape: string;
  readonly where: string;
  /** The placeholder of a tag that every match has, so that `event_tags` can lead to the events; undefined where none does. */
  readonly leadTag: string | undefined;
  readonly values: readonly string[];
}

const separator = "\u001f";

/**
 * @param first - The number of the first free placeholder.
 * @param allTenants - event_tags is in the order of the log only within a tenant.
 */
export function filterSql(items: readonly ValidQueryItem[], first: number, allTenants: boolean): FilterSql {
  const values: string[] = [];
  const next = (value: string): string => {
    values.push(value);
    return `$${first + values.length - 1}`;
  };
  const tag = items.length === 1 && !allTenants ? items[0]?.tags?.[0] : undefined;
  const leadTag = tag === undefined ? undefined : next(tag);
  const where = `(${items.map((item) => alternative(item, next)).join("\n     or ")})`;
  return { shape: items.map(shapeOf).join("_"), where, leadTag, values };
}

/** PostgreSQL splits an empty text into no items, and the category of `-1` is empty: twice is the same list, and not empty. */
function joined(values: readonly string[]): string {
  return values.join(separator) || separator;
}

function shapeOf({ types, categories, streamIds, tags, data, orNewer, prefix, since }: ValidQueryItem): string {
  return `${types ? "t" : ""}${categories ? "c" : ""}${streamIds ? "s" : ""}${tags ? "g" : ""}${data === undefined ? "" : orNewer ? "dn" : "d"}${prefix === undefined ? "" : "p"}${since ? "r" : ""}`;
}

function alternative(item: ValidQueryItem, next: (value: string) => string): string {
  const { types, categories, streamIds, tags, data, orNewer, prefix, since } = item;
  // Joined, since names hold no control characters; in a subquery, to be split once a statement and not once a row.
  const list = (values: readonly string[]): string => `(select pg_catalog.string_to_array(${next(joined(values))}, pg_catalog.chr(31)))::text[]`;
  const parts: string[] = [];
  if (types) parts.push(`e.type = any (${list(types)})`);
  if (categories) parts.push(`s.category = any (${list(categories)})`);
  if (streamIds) parts.push(`s.stream_name = any (${list(streamIds)})`);
  if (tags) parts.push(`e.tags operator(pg_catalog.@>) ${list(tags)}`);
  // postgres.js would encode a text for a jsonb parameter as JSON once more.
  const containing = data !== undefined && `e.data operator(pg_catalog.@>) (select ${next(data)}::text::jsonb)`;
  if (containing) parts.push(orNewer ? `(e.schema_version > 1 or ${containing})` : containing);
  if (prefix !== undefined) parts.push(`pg_catalog.starts_with(s.stream_name, ${next(prefix)}::text)`);
  // As a text of digits, like every value of a filter. Compared in a subquery's result, it is worked out once a statement.
  if (since)
    parts.push(`e.recorded_at >= (select pg_catalog.to_timestamp(${next(String(Math.max(since.getTime(), earliestMs)))}::text::float8 / 1000::float8))`);
  return parts.length === 0 ? "true" : `(${parts.join(" and ")})`;
}
