import { type Message, startProxy } from "@tidemark/servers";
import pg from "pg";
import type { Call, Database } from "../../src/database/database.ts";
import { describe, expect, testWithoutSchema as base } from "../support/test.ts";
import { backendPid, open, pidOf, rejection, sleep } from "./open.ts";

interface Table {
  insert(n: number): Call;
  /** Its rows, read by the exchange itself. */
  readonly read: Call;
  numbers(): Promise<readonly number[]>;
}

const test = base.extend("table", async ({ sql, schema }): Promise<Table> => {
  const table = `${pg.escapeIdentifier(schema)}.t`;
  await sql.query(`create schema ${pg.escapeIdentifier(schema)}; create table ${table} (n int primary key)`);
  return {
    insert: (n) => ({ statement: { name: "insert", text: `insert into ${table} values ($1::text::int) returning n::text as n` }, values: [n] }),
    read: { statement: { name: "read", text: `select n::text as n, 'x' as x from ${table} order by t` }, values: [] },
    numbers: async () => (await sql.query(`select n from ${table} order by n`)).rows.map(({ n }) => n),
  };
});

const failing: Call = { statement: { name: "failing", text: "select (1 / $1::text::int)::text as n" }, values: [0] };
const asIs = (last: readonly Call[]) => ({ last, result: "done" });

/** The messages that end a round trip, from now on. */
async function countTrips(databaseUrl: string): Promise<{ readonly url: string; readonly sent: string[]; close(): Promise<void> }> {
  const proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
  const sent: string[] = [];
  proxy.on("frontend", ({ name }: Message) => void sent.push(name));
  return { url: proxy.through(databaseUrl), sent, close: () => proxy.close() };
}

const trips = (sent: readonly string[]): number => sent.filter((name) => name === "Sync" || name === "Query").length;

describe("an exchange", () => {
  test("gives the rows of each of the first statements, and commits with the last", async ({ databaseUrl, table }) => {
    await using opened = await open(databaseUrl);
    const result = await opened.database.exchange({
      first: [table.insert(1), table.insert(2), table.read],
      second: (answers) => ({ last: [table.insert(3)], result: answers }),
    });
    expect(result).toEqual([
      [{ n: "1" }],
      [{ n: "2" }],
      [
        { n: "1", x: "x" },
        { n: "2", x: "x" },
      ],
    ]);
    expect(await table.numbers()).toEqual([1, 2, 3]);
  });

  test("is two round trips, and prepares each statement once on a connection", async ({ databaseUrl, table }) => {
    const counted = await countTrips(databaseUrl);
    await using opened = await open(counted.url, { max: 1 });
    await pidOf(opened.database);
    for (const n of [1, 2]) {
      counted.sent.length = 0;
      await opened.database.exchange({ first: [table.insert(n)], second: () => asIs([table.insert(n + 10)]) });
      expect(trips(counted.sent)).toBe(2);
    }
    expect(counted.sent).not.toContain("Parse");
    await opened.database.close();
    await counted.close();
  });

  test("is READ COMMITTED, and ends when idle for too long", async ({ databaseUrl }) => {
    const url = new URL(databaseUrl);
    url.searchParams.set("options", "-c default_transaction_isolation=serializable -c default_transaction_read_only=on");
    await using opened = await open(url.href);
    const settings: Call = {
      statement: {
        name: "settings",
        text: "select current_setting('transaction_isolation') as isolation, current_setting('transaction_read_only') as read_only, current_setting('idle_in_transaction_session_timeout') as idle",
      },
      values: [],
    };
    const answers = await opened.database.exchange({ first: [settings], second: (rows) => ({ last: [], result: rows }) });
    expect(answers).toEqual([[{ isolation: "read committed", read_only: "off", idle: "1min" }]]);
  });

  test.for(["a first statement fails", "its answers are refused", "a last statement fails", "the commit fails"])(
    "writes nothing where %s, and leaves the connection fit for the next",
    async (where, { databaseUrl, sql, schema, table }) => {
      await using opened = await open(databaseUrl, { max: 1 });
      const mine = new Error("mine");
      if (where === "the commit fails") {
        const quoted = pg.escapeIdentifier(schema);
        await sql.query(`alter table ${quoted}.t add other int references ${quoted}.t deferrable initially deferred, alter other set default 99`);
      }
      const call = opened.database.exchange({
        first: [table.insert(1), ...(where === "a first statement fails" ? [failing] : []), table.insert(2)],
        second() {
          if (where === "its answers are refused") throw mine;
          return asIs([table.insert(3), ...(where === "a last statement fails" ? [failing] : []), table.insert(4)]);
        },
      });
      const error = await rejection(call);
      if (where === "its answers are refused") expect(error).toBe(mine);
      else expect(error).toMatchObject({ code: "DATABASE", sqlState: where === "the commit fails" ? "23503" : "22012" });
      expect(await table.numbers()).toEqual([]);
      if (where === "the commit fails") return;
      await opened.database.exchange({ first: [table.insert(1), table.insert(2)], second: () => asIs([table.insert(3)]) });
      expect(await table.numbers()).toEqual([1, 2, 3]);
    },
  );

  test("says of a failure what the statement that failed has to say of it", async ({ databaseUrl, table }) => {
    await using opened = await open(databaseUrl);
    const calls = [table.insert(1), failing, table.insert(2)].map((call, index) => ({ ...call, explain: () => new Error(`the call ${index}`) }));
    expect(await rejection(opened.database.exchange({ first: calls, second: () => asIs([]) }))).toMatchObject({ message: "the call 1" });
    expect(await rejection(opened.database.exchange({ first: [], second: () => asIs(calls) }))).toMatchObject({ message: "the call 1" });
  });

  test("leaves its outcome unknown where the commit is not answered", async ({ databaseUrl, table }) => {
    await using proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
    await using opened = await open(proxy.through(databaseUrl), { max: 1 });
    let committing = false;
    proxy.on("backend", ({ name, bytes }) => {
      if (!committing || name !== "CommandComplete" || !bytes.includes("COMMIT")) return;
      proxy.cutAll();
    });
    const call = opened.database.exchange({
      first: [table.insert(1)],
      second() {
        committing = true;
        return asIs([]);
      },
    });
    expect(await rejection(call)).toMatchObject({ code: "OUTCOME_UNKNOWN", cause: { code: "CONNECTION", sent: true } });
    expect(await table.numbers()).toEqual([1]);
  });

  test("is cancelled as a whole when it takes too long", async ({ databaseUrl, table }) => {
    await using opened = await open(databaseUrl, { queryTimeoutMs: 100 });
    const call = opened.database.exchange({ first: [table.insert(1), { statement: sleep, values: [60] }, table.insert(2)], second: () => asIs([]) });
    expect(await rejection(call)).toMatchObject({ code: "DATABASE", sqlState: "57014" });
    expect(await table.numbers()).toEqual([]);
  });

  test("goes on unprepared where the server lost what it prepared", async ({ databaseUrl, table }) => {
    await using opened = await open(databaseUrl, { max: 1 });
    const run = (n: number) => opened.database.exchange({ first: [table.insert(n)], second: () => asIs([]) });
    await run(1);
    await opened.database.userQuery("deallocate all", []);
    expect(await rejection(run(2))).toMatchObject({ code: "DATABASE", sqlState: "26000", retryable: true });
    await run(3);
    expect(await table.numbers()).toEqual([1, 3]);
    expect(opened.warnings).toHaveLength(1);
  });

  test.for([
    ["sends its queries without waiting", { pipeline: true }],
    ["asks for binary results", { binary: true }],
  ] as const)("works on a pool that %s", async ([, options], { databaseUrl, table }) => {
    const pool = new pg.Pool({ connectionString: databaseUrl, ...options });
    await using opened = await open(pool);
    const exchange = (database: Database, n: number) =>
      database.exchange({
        first: [table.insert(n), { statement: backendPid, values: [] }],
        second: ([row]) => ({ last: [table.insert(n + 10)], result: row }),
      });
    expect(await exchange(opened.database, 1)).toEqual([{ n: "1" }]);
    expect(await rejection(exchange(opened.database, 1))).toMatchObject({ code: "DATABASE", sqlState: "23505" });
    expect(await table.numbers()).toEqual([1, 11]);
    await pool.end();
  });

  test("lets nothing come between that is sent on its client", async ({ databaseUrl, table }) => {
    await using opened = await open(databaseUrl, { max: 1 });
    const order: string[] = [];
    const exchange = opened.database.exchange({
      first: [{ statement: sleep, values: [0.01] }, table.insert(1)],
      second() {
        order.push("second");
        return asIs([]);
      },
    });
    const other = pidOf(opened.database).then(() => order.push("other"));
    await Promise.all([exchange.then(() => order.push("exchange")), other]);
    expect(order).toEqual(["second", "exchange", "other"]);
  });
});
