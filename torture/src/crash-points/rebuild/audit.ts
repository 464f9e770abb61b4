import pg from "pg";
import { schema, streams } from "./definitions.ts";

/** What a reader in REPEATABLE READ finds, twice in each transaction: the documents that are shown, and what they should be. */
export class Auditor {
  readonly #client: pg.Client;
  readonly #wrong: string[] = [];
  #looks = 0;
  #shown = 0;
  #over = false;
  #running: Promise<void> | undefined;

  constructor(url: string) {
    this.#client = new pg.Client({ connectionString: url, application_name: "auditor" });
  }

  get looks(): number {
    return this.#looks;
  }

  async begin(): Promise<void> {
    // What ends it fails the look, too.
    this.#client.on("error", () => {});
    await this.#client.connect();
    this.#running = this.#run();
    // Awaited in `end`.
    this.#running.catch(() => {});
  }

  /** Returns what was wrong. */
  async end(): Promise<readonly string[]> {
    this.#over = true;
    try {
      await this.#running;
    } catch (error) {
      this.#wrong.push(`a reader failed: ${String(error)}`);
    } finally {
      await this.#client.end();
    }
    return this.#wrong;
  }

  async #run(): Promise<void> {
    while (!this.#over) {
      await this.#client.query("begin isolation level repeatable read read only");
      await this.#look();
      await this.#client.query("select pg_catalog.pg_sleep(0.02)");
      await this.#look();
      await this.#client.query("commit");
    }
  }

  async #look(): Promise<void> {
    const { rows } = await this.#client.query<Look>(look);
    const [found] = rows;
    this.#looks++;
    if (!found) return;
    const { versions, documents, shown, different } = found;
    const say = (text: string): void => void (this.#wrong.length < 5 && this.#wrong.push(`a reader saw ${text}`));
    if (versions !== 1) say(`documents of ${versions} versions at once`);
    if (documents < streams.length) say(`${documents} of ${streams.length} documents`);
    if (different !== null) say(different);
    if (shown < this.#shown) say(`${shown} events after it had seen ${this.#shown}`);
    this.#shown = Math.max(this.#shown, shown);
  }
}

interface Look {
  readonly versions: number;
  readonly documents: number;
  readonly shown: number;
  readonly different: string | null;
}

const at = pg.escapeIdentifier(schema);

/** How far a version of the projection is in this snapshot. */
const placeOf = (version: string): string => `
  select case when p.mode = 'inline' and p.state = 'live' then 9223372036854775807 else coalesce(s.position, 0) end as position
    from ${at}.projections as p
    left join ${at}.consumers as c on c.tenant = '' and c.kind = 'projection' and c.owner_name = p.name and c.owner_version = p.version
    left join ${at}.consumer_shards as s on s.tenant = c.tenant and s.consumer = c.name
   where p.name = 'counts' and p.version = ${version}`;

const foldedTo = `
  select s.name as id, count(*) as events, sum(e.version) as versions
    from ${at}.events as e join ${at}.streams as s on s.id = e.stream_id, place
   where e.position <= place.position
   group by 1`;

const differences = `
  select string_agg(format('%s as %s where its events come to %s with versions of %s', coalesce(f.id, d._id), d.data, f.events, f.versions), '; ')
    from folded as f
    full join documents as d on d._id = f.id
   where (d.data ->> 'events')::bigint is distinct from f.events or (d.data ->> 'versions')::numeric is distinct from f.versions`;

const look = `
with documents as (
  select _id, data from ${at}.counts
), place as (${placeOf("(select min((data ->> 'by')::integer) from documents)")}
), folded as (${foldedTo}
)
select count(distinct data ->> 'by')::integer as versions, count(*)::integer as documents, coalesce(sum((data ->> 'events')::integer), 0)::integer as shown,
       (${differences}) as different
  from documents`;

/** How the documents of one version differ from the fold of its events; null: not at all. */
export async function differencesOf(client: pg.Client, version: number): Promise<string | null> {
  const { rows } = await client.query<{ different: string | null }>(`
with documents as (
  select _id, data from ${at}.counts__v${version}
), place as (${placeOf(`${version}`)}
), folded as (${foldedTo}
)
select (${differences}) as different`);
  return rows[0]?.different ?? null;
}
