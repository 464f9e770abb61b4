import { randomUUID } from "node:crypto";
import { defineConsumer, type EventStore } from "tidemark";
import { studio, type Studio, type StudioRole } from "@tidemark/studio";
import { vi } from "vitest";
import { securityHeaders } from "../../src/server/security/headers.ts";
import type { ChangePlan } from "../../src/wire/changes.ts";
import { randomFrom } from "../../../tidemark/test/feed/random.ts";
import { eventually, expect, test } from "../../../tidemark/test/support/test.ts";
import { change, get, waitingForLocks } from "../support.ts";
import { type Attempt, type Known, RandomRequests } from "./random-requests.ts";

const seed = Number(process.env["TIDEMARK_SEED"] ?? 20_261_130);
const size = Number(process.env["TIDEMARK_REQUESTS"] ?? 5_000);
const atOnce = 16;

/** Written by themselves: how far the log may be read, and who works. */
const moving = ["high_water_mark", "consumer_workers", "consumer_leases"];

interface Sql {
  query<Row extends object>(text: string): Promise<{ rows: Row[] }>;
}

/** What every table of the schema holds, but those that move. */
async function digestOf(sql: Sql, schema: string): Promise<string> {
  const at = schema.replaceAll("'", "''");
  const { rows } = await sql.query<{ name: string }>(`select tablename as name from pg_tables where schemaname = '${at}' order by 1`);
  const digests: string[] = [];
  for (const { name } of rows.filter((row) => !moving.includes(row.name))) {
    const table = `"${schema.replaceAll('"', '""')}"."${name}"`;
    const found = await sql.query<{ digest: string }>(
      `select count(*) || ' ' || coalesce(md5(string_agg(t::text, ' ' order by t::text)), '') as digest from ${table} t`,
    );
    digests.push(`${name} ${found.rows[0]?.digest}`);
  }
  return digests.join("\n");
}

/** A little of everything, and a consumer that could be paused. */
async function fill(store: EventStore): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const streamId of ["cart-1", "cart-2", "order-1"]) {
    await store.appendToStream(streamId, [
      { type: "Opened", data: { n: 1 } },
      { type: "ItemAdded", data: { sku: "tea" } },
    ]);
    for (const { id, position } of await store.readStream(streamId).toArray()) ids.push(id, String(position));
  }
  await store.schedule("cart-1", { type: "Reminded", data: {} }, { key: "reminder", in: 86_400_000_000 });
  const worker = store.createWorker({ consumers: [defineConsumer({ name: "mailer", handle: async () => {} })] });
  await worker.start();
  await eventually(async () => expect((await store.consumers.get("mailer")).lag.events).toBe(0));
  await worker.stop();
  return ids;
}

/** What is wrong with an answer; undefined where nothing is. */
async function flawOf({ fetch }: Studio, { request, text, leave }: Attempt): Promise<string | undefined> {
  try {
    if (leave) setImmediate(leave);
    const response = await fetch(request);
    const missing = Object.entries(securityHeaders).find(([name, value]) => response.headers.get(name) !== value);
    if (response.headers.get("content-type")?.startsWith("text/event-stream") === true) await response.body?.cancel();
    else await response.arrayBuffer();
    if (missing) return `no ${missing[0]}: ${text}`;
    return response.status < 500 ? undefined : `${response.status}: ${text}`;
  } catch (error) {
    return `${String(error)}: ${text}`;
  }
}

test(
  `${size} requests at random end nothing, change nothing and stay open nowhere`,
  { timeout: 240_000 + size * 50 },
  async ({ openStore, schema, sql, onTestFinished }) => {
    // However slow the machine is, what is asked is answered.
    const endless = vi.spyOn(AbortSignal, "timeout").mockImplementation(() => new AbortController().signal);
    onTestFinished(() => endless.mockRestore());
    const store = await openStore({ pool: { queryTimeoutMs: 600_000, connectionTimeoutMs: 600_000 } });
    const ids = await fill(store);
    const subscribe = vi.spyOn(store, "subscribe");
    const rejections: unknown[] = [];
    const onRejection = (reason: unknown): void => void rejections.push(reason);
    process.on("unhandledRejection", onRejection);
    onTestFinished(() => void process.off("unhandledRejection", onRejection));
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    onTestFinished(() => log.mockRestore());
    const roles: Readonly<Record<string, StudioRole>> = { viewer: "viewer", operator: "operator", admin: "admin" };
    const panel = studio(store, {
      schema,
      tenants: "all",
      timeoutMs: 60_000,
      authorize: ({ headers }) => {
        const user = headers.get("x-user") ?? "";
        if (user === "throws") throw new Error("no directory");
        return roles[user] ?? false;
      },
    });
    const name = "pause";
    const wanted = { parameters: { kind: "consumer", name: "mailer" }, id: randomUUID() };
    const plan: ChangePlan = await (await change(panel, name, wanted, { "x-user": "admin" })).json();
    const known: Known = { ids, change: { name, body: JSON.stringify({ ...wanted, confirm: plan.confirm }) } };
    const before = await digestOf(sql, schema);

    console.log(`Seed ${seed}: repeat with TIDEMARK_SEED=${seed} TIDEMARK_REQUESTS=${size}.`);
    const requests = new RandomRequests(randomFrom(seed), known);
    const flaws: string[] = [];
    let sent = 0;
    const send = async (): Promise<void> => {
      while (sent++ < size) {
        const flaw = await flawOf(panel, requests.next());
        if (flaw !== undefined) flaws.push(flaw);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, send));

    expect(flaws.slice(0, 20)).toEqual([]);
    expect(rejections).toEqual([]);
    expect(log.mock.calls).toEqual([]);
    expect(await store.audit.list()).toEqual([]);
    expect(await digestOf(sql, schema)).toBe(before);
    // Nobody follows the log any more.
    expect(subscribe.mock.calls.length).toBeGreaterThan(0);
    await eventually(() => expect(subscribe.mock.calls.filter(([options]) => options?.signal?.aborted !== true)).toEqual([]));
    await expectFourTurns(panel, sql, schema);
    // It was not refused for what it is.
    expect((await change(panel, name, known.change.body, { "x-user": "operator" })).status).toBe(200);
    expect(await digestOf(sql, schema)).not.toBe(before);
  },
);

/** As many requests read at once as before the first: none of them still holds its turn. */
async function expectFourTurns(panel: Studio, sql: Sql & { connect(): Promise<Sql & { release(): void }> }, schema: string): Promise<void> {
  const client = await sql.connect();
  await client.query("begin");
  await client.query(`lock table "${schema.replaceAll('"', '""')}".timers in access exclusive mode`);
  try {
    const answers = Array.from({ length: 8 }, () => get(panel, "/api/timers", { "x-user": "viewer" }));
    await eventually(async () => expect(await waitingForLocks(sql)).toBe(4));
    await client.query("rollback");
    await Promise.all(answers);
  } finally {
    await client.query("rollback");
    client.release();
  }
}
