import { spawnSync } from "node:child_process";
import { itemAdded } from "../support/cart.ts";
import { describe, eventually, expect, test } from "../support/test.ts";
import { rejection } from "./open.ts";
import { defineConsumer, openEventStore } from "../../src/index.ts";

const untilGone = `
  import pg from "pg";
  const client = new pg.Client(process.argv[1]);
  await client.connect();
  const left = "select from pg_stat_activity where datname = current_database() and application_name like 'idle%'";
  while ((await client.query(left)).rowCount > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  await client.end();
`;

/** Holds up this process, so that it does not hear of it, until the server has ended the idle sessions. */
function missTheEnd(url: string): void {
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", untilGone, url], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}

/** As an administrator may set them for a role. */
function withSetting(url: string, setting: string): string {
  const changed = new URL(url);
  changed.searchParams.set("options", `-c ${setting}`);
  changed.searchParams.set("application_name", "idle session");
  return changed.href;
}

describe("a session that idle_session_timeout ended", () => {
  test("answers what came too late: nothing of it ran, and the next call has another connection", async ({ databaseUrl, schema }) => {
    await using store = await openEventStore(withSetting(databaseUrl, "idle_session_timeout=1000"), { schema, pool: { max: 1 } });
    await store.streamInfo("cart-1");
    missTheEnd(databaseUrl);
    expect(await rejection(store.streamInfo("cart-1"))).toMatchObject({ code: "CONNECTION", sent: false, sqlState: "57P05", retryable: true });
    expect(await store.streamInfo("cart-1")).toMatchObject({ exists: false });
    missTheEnd(databaseUrl);
    expect(await store.appendToStream("cart-1", [itemAdded()])).toMatchObject({ version: 1 });
  });

  test("ends no subscription", async ({ databaseUrl, schema }) => {
    await using store = await openEventStore(withSetting(databaseUrl, "idle_session_timeout=1000"), { schema });
    const events = store.subscribe()[Symbol.asyncIterator]();
    for (let version = 1; version <= 3; version++) {
      const next = events.next();
      await store.highWaterMark();
      missTheEnd(databaseUrl);
      await store.appendToStream("cart-1", [itemAdded()]);
      expect((await next).value).toMatchObject({ version });
    }
    await events.return?.();
  });
});

describe("a handler whose transaction takes longer than transaction_timeout", () => {
  const ways = ["runs a statement", "is idle, and uses it again", "is idle, and returns"] as const;

  test.for(ways)("and %s has failed, and the next event goes on", async (way, { sql, store }) => {
    const { rowCount } = await sql.query("select from pg_settings where name = 'transaction_timeout'");
    // PostgreSQL 17 brought it. An older server has two others for what a handler may not do for too long.
    const older = way === "runs a statement" ? "statement_timeout" : "idle_in_transaction_session_timeout";
    const limited = `set local ${rowCount === 1 ? "transaction_timeout" : older} = 50`;
    const handled: string[] = [];
    const slow = defineConsumer({
      name: "slow",
      retry: { attempts: 2, minDelayMs: 1, maxDelayMs: 1 },
      handle: async ({ streamId }, context) => {
        if (streamId === "cart-2") return void handled.push(streamId);
        const { rows } = await context.query<{ pid: number }>("select pg_backend_pid() as pid");
        await context.query(limited);
        if (way === "runs a statement") await context.query("select pg_sleep(600)");
        await eventually(async () => expect((await sql.query("select from pg_stat_activity where pid = $1", [rows[0]?.pid])).rowCount).toBe(0));
        if (way === "is idle, and uses it again") await context.query("select 1");
      },
    });
    for (const stream of ["cart-1", "cart-2"]) await store.appendToStream(stream, [itemAdded()]);
    await using worker = store.createWorker({ consumers: [slow], onError: () => {} });
    await worker.start();
    await worker.caughtUp();
    expect(handled).toContain("cart-2");
    expect(await store.deadLetters.list({ consumer: "slow" })).toMatchObject([{ event: { streamId: "cart-1" }, attempts: 2 }]);
  });
});
