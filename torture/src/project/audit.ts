import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { administer } from "../faults/fault.ts";
import type { Projected, Rebuilt } from "../history/final.ts";
import { tallies, type Tallied } from "./projections.ts";
import { lookAtRebuilt } from "./rebuilt-audit.ts";

/** Each reads the whole log. Of a long one they would take the time of those who write it. */
const shareOfTime = 1 / 4;
const leastPauseMs = 200;
const told = 20;

/** Compares documents with the folds of their events, in one snapshot each time, until the run is over. */
export class Auditor {
  #snapshots = 0;
  #documents = 0;
  readonly #differences: string[] = [];
  #rebuilt = 0;
  readonly #wrong: string[] = [];
  readonly #schema: string;

  constructor(schema: string) {
    this.#schema = schema;
  }

  get findings(): Projected {
    return { snapshots: this.#snapshots, documents: this.#documents, differences: this.#differences };
  }

  /** Of projections that have several versions. */
  get rebuilt(): Pick<Rebuilt, "documents" | "wrong"> {
    return { documents: this.#rebuilt, wrong: this.#wrong };
  }

  async run(url: () => string, over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      const startedAt = performance.now();
      // The server may be away, or the projections not be registered yet.
      await this.audit(url()).catch(() => undefined);
      const tookMs = performance.now() - startedAt;
      await delay(Math.max(leastPauseMs, tookMs / shareOfTime - tookMs), undefined, { signal: over }).catch(() => undefined);
    }
  }

  async audit(url: string): Promise<void> {
    await administer(url, async (client) => {
      await client.query("begin isolation level repeatable read read only");
      for (const tallied of tallies) {
        const { rows } = await client.query<{ documents: string; different: string | null }>(differences(this.#schema, tallied));
        this.#documents += Number(rows[0]?.documents ?? 0);
        const different = rows[0]?.different;
        if (different && this.#differences.length < told) this.#differences.push(`${tallied.name}: ${different}`);
      }
      await client.query("commit");
      this.#snapshots++;
      // In one of its own: a table that is dropped meanwhile ends it.
      await client.query("begin isolation level repeatable read read only");
      const { documents, wrong } = await lookAtRebuilt(client, this.#schema);
      this.#rebuilt += documents;
      this.#wrong.push(...wrong.slice(0, told - this.#wrong.length));
    });
  }
}

/** Up to the place of the follower, or everything that the snapshot shows where appends write it. */
function differences(schema: string, { name, idOf, countOf }: Tallied): string {
  const at = pg.escapeIdentifier(schema);
  const literal = pg.escapeLiteral(name);
  return `
with place as (
  select case when p.mode = 'inline' and p.state = 'live' then 9223372036854775807 else coalesce(c.position, 0) end as position
    from ${at}.projections as p
    left join ${at}.consumers as f on f.tenant = '' and f.kind = 'projection' and f.owner_name = p.name and f.owner_version = p.version
    left join ${at}.consumer_shards as c on c.tenant = f.tenant and c.consumer = f.name
   where p.name = ${literal}
), folded as (
  select ${idOf} as id, sum(${countOf}) as events, sum(e.version * ${countOf}) as versions
    from ${at}.events as e join ${at}.streams as s on s.id = e.stream_id, place
   where e.position <= place.position and ${idOf} is not null
   group by 1
), compared as (
  select coalesce(f.id, d._id) as id, f.events, f.versions, d.data
    from folded as f
    full join ${at}.${pg.escapeIdentifier(`${name}__v1`)} as d on d._id = f.id
)
select count(*) as documents,
       (
         select string_agg(format('%s is %s, and its events come to %s with versions of %s', id, coalesce(data::text, 'absent'), events, versions), '; ')
           from (
             select * from compared
              where (data ->> 'events')::bigint is distinct from events or (data ->> 'versions')::numeric is distinct from versions
              limit 3
           ) as wrong
       ) as different
  from compared`;
}
