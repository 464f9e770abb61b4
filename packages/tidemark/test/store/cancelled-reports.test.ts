import { documentProjection, openEventStore, type EventStore } from "tidemark";
import { recordWarnings } from "../database/open.ts";
import { openTransaction } from "../support/open-transaction.ts";
import { describe, eventually, expect, test as base } from "../support/test.ts";

const carts = documentProjection<{ readonly items: number }>({
  name: "carts",
  version: 1,
  collection: "carts",
  mode: "async",
  handles: ["ItemAdded"],
  documentId: ({ streamId }) => streamId,
  evolve: (document) => ({ items: (document?.items ?? 0) + 1 }),
});
const documentsOf = (store: EventStore): ReturnType<typeof store.documents<{ readonly items: number }>> => store.documents(carts, { stale: "allow" });

type Report = readonly [string, (store: EventStore, signal: AbortSignal) => Promise<unknown>];

const reports: readonly Report[] = [
  ["documents.get", (store, signal) => documentsOf(store).get("cart-1", { signal })],
  ["documents.getMany", (store, signal) => documentsOf(store).getMany(["cart-1"], { signal })],
  ["documents.find", (store, signal) => documentsOf(store).find({ where: { items: 1 }, signal })],
  ["documents.first", (store, signal) => documentsOf(store).first({ signal })],
  ["documents.page", (store, signal) => documentsOf(store).page({ signal })],
  ["documents.count", (store, signal) => documentsOf(store).count({ signal })],
  ["processes.list", (store, signal) => store.processes.list({ signal })],
  ["processes.versions", (store, signal) => store.processes.versions(undefined, { signal })],
  ["processes.get", (store, signal) => store.processes.get("checkout", "order-1", { signal })],
  ["timers.list", (store, signal) => store.timers.list({ signal })],
  ["projections.list", (store, signal) => store.projections.list({ signal })],
  ["projections.get", (store, signal) => store.projections.get("carts", { signal })],
];

const test = base
  .extend("store", ({ openStore }) => openStore({ projections: [carts] }))
  .extend("held", ({ sql, schema, store }, { onCleanup }) => {
    /** Locks every table of the store until the test ends. Returns how many statements wait for a lock. */
    return async (): Promise<() => Promise<number>> => {
      await store.highWaterMark();
      const holder = await sql.connect();
      onCleanup(async () => {
        await holder.query("rollback");
        holder.release();
      });
      await holder.query("begin");
      const { rows } = await holder.query(
        "select format('lock table %I.%I in access exclusive mode', schemaname, tablename) as lock from pg_tables where schemaname = $1",
        [schema],
      );
      for (const { lock } of rows) await holder.query(lock);
      return async () => {
        const waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        return (await holder.query(waiting)).rows.length;
      };
    };
  });

describe.for(reports)("%s", ([, report]) => {
  test("cancels its query on the server when its signal aborts, and rejects with its reason", async ({ store, held }) => {
    const waiting = await held();
    const left = new AbortController();
    const reason = new Error("nobody looks any more");
    const reading = report(store, left.signal).catch((error: unknown) => error);
    await eventually(async () => expect(await waiting()).toBe(1));
    left.abort(reason);
    expect(await reading).toBe(reason);
    await eventually(async () => expect(await waiting()).toBe(0));
  });

  test("sends nothing where the signal has aborted before", async ({ store, held }) => {
    const waiting = await held();
    const reason = new Error("too late");
    await expect(report(store, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(await waiting()).toBe(0);
  });

  test("refuses what is no signal", async ({ store }) => {
    const signal: AbortSignal = JSON.parse("{}");
    await expect(report(store, signal)).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path: expect.stringMatching(/^(options|query)\.signal$/) });
  });
});

test("documents do not wait for the check whether they lack events when the signal aborts", async ({ store, held }) => {
  const waiting = await held();
  const left = new AbortController();
  const reason = new Error("nobody looks any more");
  const reading = store
    .documents(carts)
    .get("cart-1", { signal: left.signal })
    .catch((error: unknown) => error);
  await eventually(async () => expect(await waiting()).toBeGreaterThanOrEqual(1));
  left.abort(reason);
  expect(await reading).toBe(reason);
});

test("a change takes no signal: it is not ended half-way", async ({ store }) => {
  const options: object = { signal: AbortSignal.timeout(60_000) };
  await expect(store.projections.pause("carts", options)).rejects.toThrow("options.signal is not an option");
});

test("reports of an embedded database end with their signals, before and while they wait for the connection", async () => {
  const store = await openEventStore({ projections: [carts], logger: recordWarnings().logger });
  try {
    for (const [name, report] of reports) await expect(report(store, AbortSignal.abort(new Error("too late"))), name).rejects.toThrow("too late");
    await using held = await openTransaction(store);
    for (const [name, report] of reports) {
      const left = new AbortController();
      const reading = report(store, left.signal).catch((error: unknown) => error);
      left.abort(new Error("nobody looks any more"));
      expect(await reading, name).toMatchObject({ message: "nobody looks any more" });
    }
    await held.commit();
    expect(await documentsOf(store).count({ signal: new AbortController().signal })).toBe(0);
  } finally {
    await store.close();
  }
});
