import { eventColumns } from "./decode.ts";
import { logColumns, streamJoin } from "./log-columns.ts";
import { bound } from "./page-statement.ts";

/**
 * Events that match one of several alternatives, as `matchPage` of `ReadStatements` takes them. Each alternative is led by its rarest tag,
 * and gives no more than the page can hold, so that no page looks at all of a tag's events.
 *
 * @param schema - Quoted.
 * @param queryItems - The function that takes the alternatives apart.
 */
export function boundaryPageSql(schema: string, queryItems: string): string {
  return `
select ${logColumns} ${eventColumns}
  from (
    select distinct found.position
      from ${queryItems}($5, $6) as item
     cross join lateral (
       select t.position
         from ${schema}.event_tags as t
        cross join lateral (
          select from ${schema}.events as e
           where e.position = t.position
             and (item.types is null or e.type = any (item.types))
             and (pg_catalog.cardinality(item.tags) = 1 or e.tags operator(pg_catalog.@>) item.tags)
          offset 0
        ) as e
        where t.tenant = $4
          and t.tag = case when pg_catalog.cardinality(item.tags) = 1 then item.tags[1] else (${rarestTagSql(schema)}) end
          and t.position > $1 and ${bound("t.position", "<=", "$2::bigint")}
        order by t.position
        limit $3
     ) as found
     order by found.position
     limit $3
  ) as matching
 cross join lateral (select e.* from ${schema}.events as e where e.position = matching.position offset 0) as e
 ${streamJoin(schema)}
 order by e.position`;
}

/** As the function `rarest_tag`, whose own plan would stay the one that was made for a tiny table. */
function rarestTagSql(schema: string): string {
  return `
            select tag
              from pg_catalog.unnest(item.tags) with ordinality as each (tag, n)
             cross join lateral (
               select pg_catalog.count(*) as events
                 from (
                   select from ${schema}.event_tags as c
                    where c.tenant = $4 and c.tag = each.tag and c.position > $1
                    order by c.position
                    limit 100
                 ) as carrying
             ) as counted
             order by events, n
             limit 1`;
}
