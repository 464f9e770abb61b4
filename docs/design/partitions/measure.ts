import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { startServer, type Version } from "@tidemark/servers";
import pg from "pg";
import { openEventStore } from "tidemark";
import { appendStatements } from "../../../packages/tidemark/src/append/statements.ts";
import { quoteIdentifier } from "../../../packages/tidemark/src/database/identifier.ts";
import { ReadStatements } from "../../../packages/tidemark/src/read/statements.ts";
import { functionName } from "../../../packages/tidemark/src/schema/function-set.ts";
import { renderSql } from "../../../packages/tidemark/src/schema/render.ts";

/**
 * The figures of `docs/design/partitions.md`: what the store's own statements cost on a log in one table and in 1, 10 and 1,000 leaves.
 *
 *   node -C source docs/design/partitions/measure.ts [15|18] [leaves …]
 */
const schema = "tidemark";
const leafSize = 1_000;
const events = 20_000;
const calls = 50;

const version = (Number(process.argv[2] ?? 18) === 15 ? 15 : 18) satisfies Version;
await using server = await startServer({ version, settings: { synchronous_commit: "off" } });

/** Processor time of the server's process, which a machine with other work to do tells as well as an idle one. */
interface Cost {
  /** Of a call, in microseconds. */
  readonly us: number;
  /** Of the first call of a session: it plans everything. In milliseconds. */
  readonly firstMs: number;
  /** On tables and indexes, in a transaction of one call. */
  readonly locks: number;
}

async function run(client: pg.Client, file: string, numbers: Readonly<Record<string, number>>): Promise<void> {
  const text = await readFile(join(import.meta.dirname, file), "utf8");
  const filled = text.replaceAll(/:(boundary|from|to)(?![a-z])/g, (_, name: string) => String(numbers[name]));
  await client.query(renderSql(filled, schema));
}

/** Nanoseconds on a processor so far (Linux). */
async function processorTime(pid: number): Promise<number> {
  return Number((await readFile(`/proc/${pid}/schedstat`, "utf8")).split(" ")[0]);
}

async function cost(url: string, text: string, values: () => readonly unknown[]): Promise<Cost> {
  const client = new pg.Client(url);
  client.on("error", () => {});
  await client.connect();
  const { rows: pids } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  const pid = pids[0]?.pid ?? 0;
  const times = async (count: number): Promise<number> => {
    const before = await processorTime(pid);
    for (let n = 0; n < count; n++) await client.query({ name: "measured", text, values: [...values()] });
    return (await processorTime(pid)) - before;
  };
  const first = await times(1);
  await times(10);
  const all = await times(calls);
  await client.query("begin");
  await times(1);
  const { rows } = await client.query<{ n: number }>(
    "select count(*)::int as n from pg_locks join pg_class on oid = relation where pid = pg_backend_pid() and relname like 'event%'",
  );
  await client.query("rollback");
  await client.end();
  return { us: Math.round(all / calls / 1_000), firstMs: Math.round(first / 100_000) / 10, locks: rows[0]?.n ?? 0 };
}

/** A store with events in the first leaf and, in turn, in each of the others. */
async function fill(leaves: number): Promise<string> {
  const url = await server.createDatabase();
  const store = await openEventStore(url, { schema });
  const append = (count: number): Promise<unknown> =>
    Promise.all(
      Array.from({ length: count / 100 }, (_, n) =>
        store.appendToStream(
          `cart-${n}`,
          Array.from({ length: 100 }, () => ({ type: "T", data: { n: 1 } })),
        ),
      ),
    );
  await append(events);
  const client = new pg.Client(url);
  await client.connect();
  if (leaves > 0) {
    const boundary = events + leafSize;
    await run(client, "prepare.sql", { boundary });
    await run(client, "switch-on.sql", { boundary });
    for (let n = 0; n < leaves; n++)
      await run(client, "add-leaf.sql", { from: boundary + n * leafSize, to: boundary + (n + 1) * leafSize + (n === leaves - 1 ? 1_000_000 : 0) });
    for (let n = 0; n < leaves; n += Math.max(1, leaves / 10)) {
      await client.query(`select setval('${schema}.events_position_seq', ${boundary + Math.floor(n) * leafSize})`);
      await append(500);
    }
    await client.query(`select setval('${schema}.events_position_seq', ${boundary + (leaves - 1) * leafSize + 600})`);
    await append(500);
  }
  await client.query(`analyze ${schema}.events`);
  await client.end();
  await store.close();
  return url;
}

/** What keeping every id in one table costs, and a partitioning by stream. */
async function rejected(sql: pg.Client): Promise<void> {
  await sql.query(`
create table every_id (tenant text collate "C" not null, id uuid not null, position bigint not null, primary key (tenant, id));
create function keep_every_id() returns trigger language plpgsql as $$ begin insert into public.every_id select tenant, id, position from written; return null; end $$;
create trigger every_id after insert on tidemark.events referencing new table as written for each statement execute function keep_every_id()`);
}

/** With Debian's pg_dump and psql 15. */
async function dumpAndRestore(url: string): Promise<void> {
  const file = join(server.folder, "dump.sql");
  const copy = await server.createDatabase();
  await promisify(execFile)("/usr/lib/postgresql/15/bin/pg_dump", ["--schema", schema, "--file", file, url]);
  await promisify(execFile)("/usr/lib/postgresql/15/bin/psql", ["--quiet", "--set", "ON_ERROR_STOP=1", "--file", file, copy]);
  const [before, after] = [await openEventStore(url, { schema }), await openEventStore(copy, { schema })];
  const again = [{ type: "T", data: {}, id: randomUUID() }];
  await after.appendToStream("dumped-1", again);
  const refused = await after.appendToStream("dumped-2", again).then(() => "written", String);
  console.log(`dumped and restored: ${await before.highWaterMark()} and ${await after.highWaterMark()}; the same id again: ${refused}`);
  await before.close();
  await after.close();
}

for (const leaves of process.argv.length > 3 ? process.argv.slice(3).map(Number) : [0, 1, 10, 1_000]) {
  const url = await fill(leaves);
  const sql = new pg.Client(url);
  sql.on("error", () => {});
  await sql.connect();
  const at = quoteIdentifier(schema);
  const known = await sql.query<{ id: string; last: number }>(
    `select (array_agg(id order by position))[1] as id, max(position)::int as last from ${at}.events`,
  );
  const [{ id, last } = { id: "", last: 0 }] = known.rows;
  const append = appendStatements(schema);
  const read = new ReadStatements(schema, 10_000, 0);
  let n = 0;
  const one = (stream: string, expected: number): readonly unknown[] => ["", stream, expected, randomUUID(), "T", "{}", null, null, null, null, 0];
  const hundred = (own: boolean): readonly unknown[] => {
    const list = (value: unknown): string => `{${Array.from({ length: 100 }, () => value).join(",")}}`;
    const each = (value: string): string => Array.from({ length: 100 }, () => value).join("\u001e");
    const ids = `{${Array.from({ length: 100 }, () => randomUUID()).join(",")}}`;
    const place = `{${Array.from({ length: 100 }, (_, index) => index + 1).join(",")}}`;
    return [
      "",
      null,
      "cart-1",
      "{1}",
      "{1}",
      "{1}",
      "{-1}",
      "{100}",
      list(1),
      place,
      ids,
      each("T"),
      each("{}"),
      null,
      null,
      own,
      null,
      null,
      0,
      null,
      null,
      null,
      null,
      null,
    ];
  };
  const page = read.logPage(false, false, true, undefined).text;
  const figures: Record<string, Cost | string> = {};
  const measure = async (name: string, text: string, values: () => readonly unknown[]): Promise<void> => {
    figures[name] = await cost(url, text, values).catch((error: unknown) => String(error));
  };
  const mark = `select mark from ${functionName(schema, "high_water_mark")}(null, null)`;
  await measure("append one, new stream", append.one.text, () => one(`new-${++n}`, 0));
  await measure("append one, existing stream", append.one.text, () => one("cart-7", -1));
  await measure("append 100 to one stream", append.batch.text, () => hundred(false));
  await measure("append 100 with ids of the caller's", append.batch.text, () => hundred(true));
  await measure("page of readAll, 100 events at the end", page, () => [last - 200, last, 100]);
  await measure("page of readAll, 100 events at the beginning", page, () => [100, last, 100]);
  await measure(
    "the same 100 at the end, their bounds as constants",
    `select * from ${at}.events where position > ${last - 200} and position <= ${last} order by position limit 100`,
    () => [],
  );
  await measure("high-water mark", mark, () => []);
  await measure("eventById", read.eventById.text, () => ["", id]);
  await measure("version of a stream", `select version from ${at}.events where stream_id = $1 order by version desc limit 1`, () => [7]);
  await measure(
    "the same, its leaf as a constant",
    `select version from ${at}.events where stream_id = $1 and position >= ${last - 400} order by version desc limit 1`,
    () => [7],
  );
  console.log(`PostgreSQL ${version}, ${leaves === 0 ? "one table" : `${leaves} + 1 leaves`}`);
  console.table(figures);
  const rush = await Promise.allSettled(
    Array.from({ length: 20 }, async () => {
      const client = new pg.Client(url);
      client.on("error", () => {});
      await client.connect();
      await client.query("begin");
      try {
        for (let call = 0; call < 3; call++) await client.query(`select version from ${at}.events where stream_id = $1 order by version desc limit 1`, [7]);
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      } finally {
        await client.end();
      }
    }),
  );
  console.log(`20 transactions that look at all leaves: ${rush.filter(({ status }) => status === "rejected").length} failed`);
  if (leaves === 10) {
    if (version === 15) await dumpAndRestore(url);
    await rejected(sql);
    const more: Record<string, Cost> = { "append 100, every id in a table of ids": await cost(url, append.batch.text, () => hundred(false)) };
    await sql.query(`
create table by_stream (like tidemark.events including defaults) partition by hash (stream_id);
select 1`);
    for (let part = 0; part < 10; part++)
      await sql.query(`create table by_stream_${part} partition of by_stream for values with (modulus 10, remainder ${part})`);
    await sql.query(
      "create index on by_stream (position); create unique index on by_stream (stream_id, version); insert into by_stream select * from tidemark.events; analyze by_stream",
    );
    more["page of 100, partitioned by a hash of the stream"] = await cost(
      url,
      "select * from by_stream where position > $1 order by position limit 100",
      () => [100],
    );
    more["page of 100, partitioned by position"] = await cost(url, "select * from tidemark.events where position > $1 order by position limit 100", () => [
      100,
    ]);
    const { rows } = await sql.query("select pg_total_relation_size('every_id') / greatest(1, count(*)) as bytes from every_id");
    console.table(more);
    console.log("bytes an event in a table of all ids:", rows[0]);
  }
  await sql.end();
}
