import type { Queryable } from "../database/database.ts";
import type { DuplicateDocuments } from "../errors/read-models.ts";
import { type Collection, quotedTable } from "./collection.ts";
import type { ValidIndex } from "./collection-index.ts";
import { uniqueKeys } from "./collection-sql.ts";
import { pathSql } from "./document-path.ts";

const mostGroups = 10;
const mostIds = 10;

/** The documents that a unique index would refuse. What is an SQL null in one of its columns repeats nothing. */
export async function duplicateValues(
  queryable: Pick<Queryable, "query">,
  schema: string,
  collection: Collection,
  index: ValidIndex,
): Promise<readonly DuplicateDocuments[]> {
  const { columns, where } = uniqueKeys(schema, collection, index);
  const values = index.paths.map((steps) => `(pg_catalog.array_agg(${pathSql(steps, "d.data")} order by d._id))[1]`);
  const text = `
select pg_catalog.json_build_object(
         'tenant', d._partition,
         'values', pg_catalog.json_build_array(${values.join(", ")}),
         'documentIds', (pg_catalog.array_agg(d._id order by d._id))[1:${mostIds}],
         'count', pg_catalog.count(*)
       )::text as same
  from ${quotedTable(schema, collection)} as d
 where ${[where, ...columns.map((column) => `${column} is not null`)].join(" and ")}
 group by ${columns.join(", ")}
having pg_catalog.count(*) > 1
 order by pg_catalog.count(*) desc, pg_catalog.min(d._id)
 limit ${mostGroups}`;
  const rows = await queryable.query({ name: "tidemark_duplicate_values", text, unprepared: true }, [], { timeoutMs: 0 });
  return rows.map(({ same }) => JSON.parse(same ?? "{}"));
}
