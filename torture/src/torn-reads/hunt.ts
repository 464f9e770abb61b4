import pg from "pg";
import { startServer, type Version } from "@tidemark/servers";
import { prepareReadings, sequence, type Reading } from "./readings.ts";

export interface Torn {
  readonly what: Reading["what"];
  /** How often it was read. */
  readonly reads: number;
  /** By how much the first that was ahead of the truth was so. */
  readonly ahead: number | undefined;
}

const drawers = 3;
const readsARound = 10_000;

/**
 * Reads floors and marks beside sessions that draw positions as fast as they can, each compared with the next position that the
 * reader draws itself: a value that is not below that one lies ahead of the truth, and an append, or a reader, passes by it
 * what is still to be written. Ends each of the two after its share of the time, or with the first such value.
 */
export async function huntTornReads(version: Version, seconds: number, progress: (text: string) => void): Promise<readonly Torn[]> {
  await using server = await startServer({ version, settings: { fsync: "off" } });
  const url = await server.createDatabase("torn");
  const readings = await prepareReadings(url);
  const [reader, ...drawing] = await Promise.all(Array.from({ length: 1 + drawers }, () => connect(url)));
  if (!reader) throw new Error("There is no reader.");
  const draws = drawing.map((client) => client.query(`do $$ begin loop perform nextval(${sequence}::regclass); end loop; end $$`).catch(() => undefined));
  try {
    const torn: Torn[] = [];
    for (const reading of readings) torn.push(await huntOne(reader, reading, (seconds / readings.length) * 1_000, progress));
    return torn;
  } finally {
    await reader.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");
    await Promise.all(draws);
    await reader.end();
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  // Those that draw are ended in the middle of it.
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

async function huntOne(reader: pg.Client, { what, read }: Reading, forMs: number, progress: (text: string) => void): Promise<Torn> {
  const deadline = performance.now() + forMs;
  for (let reads = readsARound; ; reads += readsARound) {
    await reader.query(readRound(read));
    const { rows } = await reader.query<{ ahead: string }>("select current_setting('torture.ahead') as ahead");
    const ahead = Number(rows[0]?.ahead);
    progress(`${what}: read ${reads} times`);
    if (ahead > 0 || performance.now() > deadline) return { what, reads, ahead: ahead > 0 ? ahead : undefined };
  }
}

/** Ends with the first value that is ahead. */
function readRound(read: string): string {
  return `
    do $$
    declare v_read bigint; v_next bigint;
    begin
      perform set_config('torture.ahead', '0', false);
      for n in 1 .. ${readsARound} loop
        ${read}
        v_next := nextval(${sequence}::regclass);
        if v_read >= v_next then
          perform set_config('torture.ahead', (v_read - v_next + 1)::text, false);
          exit;
        end if;
        commit;
      end loop;
    end $$`;
}
