import type { ValidQueryItem } from "./filter.ts";

/** What a filter becomes: conditions on the row `e` whose text depends on the filter's shape alone, and their values. */
export interface FilterSql {
  /** Names the shape: the same for filters that differ only in values. */
  readonly shape: string;
  /** Where one alternative with tags is the whole filter: rows of event_tags that lead to the events, in the order of the log. */
  readonly lead: string | undefined;
  readonly where: string;
  readonly values: readonly string[];
}

const separator = "\u001f";

/**
 * @param schema - Quoted.
 * @param first - The number of the first free placeholder.
 * @param allTenants - event_tags is in the order of the log only within a tenant.
 */
export function filterSql(items: readonly ValidQueryItem[], schema: string, first: number, allTenants: boolean): FilterSql {
  const values: string[] = [];
  const next = (value: string): string => {
    values.push(value);
    return `$${first + values.length - 1}`;
  };
  const leadTag = items.length === 1 && !allTenants ? items[0]?.tags?.[0] : undefined;
  const lead = leadTag === undefined ? undefined : next(leadTag);
  const alternatives = items.map((item) => alternative(item, schema, next));
  return {
    shape: `${lead === undefined ? "" : "L"}${items.map(shapeOf).join("|")}`,
    lead,
    where: `(${alternatives.join("\n    or ")})`,
    values,
  };
}

function shapeOf({ types, categories, streamIds, tags, data }: ValidQueryItem): string {
  return `${types ? "t" : ""}${categories ? "c" : ""}${streamIds ? "s" : ""}${tags ? "g" : ""}${data === undefined ? "" : "d"}`;
}

/**
 * Lists travel joined: names hold no control characters. The scalar subqueries keep the plan: a list is split once a
 * statement, and a stream is found by its key once a row, where a join could be turned into a scan of all streams.
 */
function alternative({ types, categories, streamIds, tags, data }: ValidQueryItem, schema: string, next: (value: string) => string): string {
  const list = (values: readonly string[]): string => `(select string_to_array(${next(values.join(separator))}, chr(31)))::text[]`;
  const ofStream = (column: string): string => `(select s.${column} from ${schema}.streams as s where s.id = e.stream_id)`;
  const parts: string[] = [];
  if (types) parts.push(`e.type = any (${list(types)})`);
  if (categories) parts.push(`${ofStream("category")} = any (${list(categories)})`);
  if (streamIds) parts.push(`${ofStream("name")} = any (${list(streamIds)})`);
  if (tags) parts.push(`e.tags @> ${list(tags)}`);
  if (data !== undefined) parts.push(`e.data @> ${next(data)}::jsonb`);
  return parts.length === 0 ? "true" : `(${parts.join(" and ")})`;
}
