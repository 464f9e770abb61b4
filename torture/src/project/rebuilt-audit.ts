import pg from "pg";
import { isRebuilt, rebuiltNames } from "./rebuilt.ts";

interface Found {
  readonly documents: string;
  readonly different: string | null;
}

/** Looks in one snapshot at every version that is there, and at what readers of the collections are shown. */
export async function lookAtRebuilt(client: pg.Client, schema: string): Promise<{ readonly documents: number; readonly wrong: readonly string[] }> {
  const at = pg.escapeIdentifier(schema);
  const wrong: string[] = [];
  let documents = 0;
  for (const name of Object.values(rebuiltNames)) {
    const table = (suffix: string): string => `${at}.${pg.escapeIdentifier(`${name}${suffix}`)}`;
    const { rows } = await client.query<{ version: number }>(`select version from ${at}.projections where name = $1`, [name]);
    const versions = rows.map(({ version }) => ({ what: `version ${version}`, from: table(`__v${version}`), version: `${version}` }));
    const shown = { what: "what is shown", from: table(""), version: "(select min((data ->> 'by')::integer) from documents)" };
    for (const { what, from, version } of [...versions, shown]) {
      const { rows: found } = await client.query<Found>(differences(at, { name, from, version }));
      documents += Number(found[0]?.documents ?? 0);
      if (found[0]?.different) wrong.push(`${name}, ${what}: ${found[0].different}`);
    }
  }
  return { documents, wrong };
}

/** How documents differ from the fold of their events up to the place of their version. Documents of two versions differ in who made them. */
function differences(at: string, { name, from, version }: { readonly name: string; readonly from: string; readonly version: string }): string {
  return `
with documents as (
  select _id, data from ${from}
), place as (
  select p.version, case when p.mode = 'inline' and p.state = 'live' then 9223372036854775807 else coalesce(c.position, 0) end as position
    from ${at}.projections as p
    left join ${at}.consumers as f on f.tenant = '' and f.kind = 'projection' and f.owner_name = p.name and f.owner_version = p.version
    left join ${at}.consumer_shards as c on c.tenant = f.tenant and c.consumer = f.name
   where p.name = ${pg.escapeLiteral(name)} and p.version = ${version}
), folded as (
  select s.name as id, count(*) as events, sum(e.version) as versions, place.version as by
    from ${at}.events as e join ${at}.streams as s on s.id = e.stream_id, place
   where e.position <= place.position and ${isRebuilt}
   group by s.name, place.version
), compared as (
  select coalesce(f.id, d._id) as id, f.events, f.versions, f.by, d.data
    from folded as f
    full join documents as d on d._id = f.id
)
select count(*) as documents,
       (
         select string_agg(format('%s is %s, and its events come to %s with versions of %s by %s', id, coalesce(data::text, 'absent'), events, versions, by), '; ')
           from (
             select * from compared
              where (data ->> 'events')::bigint is distinct from events or (data ->> 'versions')::numeric is distinct from versions
                 or (data ->> 'by')::integer is distinct from by
              limit 3
           ) as wrong
       ) as different
  from compared`;
}
