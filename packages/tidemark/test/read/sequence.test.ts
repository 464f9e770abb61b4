import { setImmediate as nextTurn } from "node:timers/promises";
import { ConnectionError } from "../../src/errors/database.ts";
import { gate } from "../database/open.ts";
import { describe, expect, observed, type Sketch, test, tinyPages } from "./log.ts";

const twelve: readonly Sketch[] = Array.from({ length: 12 }, (_, index) => ({ streamId: "cart-1", data: index }));

describe("a sequence of events", () => {
  test("asks for nothing before its first event is wanted, and reads anew each time", async ({ log }) => {
    await log.write(twelve);
    const queryable = observed(log.database);
    const sequence = log.reader({ queryable }).readStream("cart-1");
    expect(queryable.statements).toBe(0);
    expect(await sequence.toArray()).toEqual(await sequence.toArray());
    const again: unknown[] = [];
    for await (const event of sequence) again.push(event);
    expect(again).toEqual(await sequence.toArray());
  });

  test("asks for the next page while the caller works through this one, and no further", async ({ log }) => {
    await log.write(twelve);
    const queryable = observed(log.database);
    for await (const event of log.reader({ queryable }).readStream("cart-1")) {
      if (event.version === 1) expect(queryable.statements).toBe(2);
      if (event.version === 3) expect(queryable.statements).toBe(3);
    }
  });

  test.for([1, 5, 12, 100])("comes in batches of %i, the last one shorter and none empty", async (size, { log }) => {
    await log.write(twelve);
    const sizes: number[] = [];
    for await (const batch of log.reader().readStream("cart-1").batches(size)) sizes.push(batch.length);
    expect(sizes).toEqual([...Array.from({ length: Math.floor(12 / size) }, () => size), ...(12 % size ? [12 % size] : [])]);
  });

  test("refuses a batch size that is none, at the call", async ({ log }) => {
    for (const size of [0, -1, 1.5, Number.NaN]) {
      expect(() => log.reader().readAll().batches(size)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", path: "size" }));
    }
  });

  test.for(["break", "throw"])("leaves nothing behind when its loop ends by %s: the page under way is awaited", async (way, { log }) => {
    await log.write(twelve);
    const held = gate();
    const queryable = observed(log.database, (count) => (count === 2 ? held.opened : undefined));
    const loop = async (): Promise<void> => {
      for await (const event of log.reader({ queryable }).readStream("cart-1")) {
        expect(event.version).toBe(1);
        expect(queryable.running).toBe(1);
        held.open();
        if (way === "throw") throw new Error("enough");
        break;
      }
    };
    await (way === "throw" ? expect(loop()).rejects.toThrow("enough") : loop());
    expect([queryable.running, queryable.statements]).toEqual([0, 2]);
  });

  test("swallows the failure of a page that nobody waits for any more", async ({ log }) => {
    await log.write(twelve);
    const queryable = observed(log.database, (count) => {
      if (count === 2) throw new ConnectionError("gone", { sent: true });
    });
    for await (const event of log.reader({ queryable }).readStream("cart-1")) {
      expect(event.version).toBe(1);
      break;
    }
    expect(queryable.statements).toBe(2);
  });

  test("delivers what came before a failure, then rejects with it", async ({ log }) => {
    await log.write(twelve);
    const queryable = observed(log.database, (count) => {
      if (count === 2) throw new ConnectionError("gone", { sent: true });
    });
    const unhandled: unknown[] = [];
    const listener = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", listener);
    const seen: number[] = [];
    const loop = async (): Promise<void> => {
      for await (const event of log.reader({ queryable }).readStream("cart-1")) {
        seen.push(event.version);
        // The page fails while the caller is busy, which is when Node asks who handles it.
        await nextTurn();
      }
    };
    await expect(loop()).rejects.toMatchObject({ code: "CONNECTION" });
    process.off("unhandledRejection", listener);
    expect(seen).toEqual([1, 2]);
    expect(unhandled).toEqual([]);
  });

  test("rejects with the signal's reason: before the first page, within a page, and while a page is under way", async ({ log, sql }) => {
    await log.write(twelve);
    const reason = new Error("no longer wanted");
    const queryable = observed(log.database);
    await expect(
      log
        .reader({ queryable })
        .readAll({ signal: AbortSignal.abort(reason) })
        .toArray(),
    ).rejects.toBe(reason);
    expect(queryable.statements).toBe(0);

    const within = new AbortController();
    const seen: number[] = [];
    const loop = async (): Promise<void> => {
      for await (const event of log.reader({ pages: { ...tinyPages, firstRows: 50 } }).readStream("cart-1", { signal: within.signal })) {
        seen.push(event.version);
        if (event.version === 2) within.abort(reason);
      }
    };
    await expect(loop()).rejects.toBe(reason);
    expect(seen).toEqual([1, 2]);

    const under = new AbortController();
    const locking = await sql.connect();
    try {
      await locking.query(`begin; lock table ${log.schema}.events in access exclusive mode`);
      const reading = log
        .reader({ queryable: observed(log.database, () => setImmediate(() => under.abort(reason)) && undefined) })
        .readAll({ signal: under.signal });
      await expect(reading.toArray()).rejects.toBe(reason);
      await locking.query("rollback");
    } finally {
      locking.release(true);
    }
  });

  test("may run beside appends and other readings in one transaction, and holds no connection after", async ({ log, sql }) => {
    await log.write(twelve);
    await log.database.transaction(async (session) => {
      const reader = log.reader({ queryable: session });
      const seen: number[] = [];
      for await (const event of reader.readStream("cart-1")) {
        seen.push(event.version);
        expect((await reader.eventById(event.id))?.position).toBe(event.position);
        if (event.version === 7) break;
      }
      expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7]);
    });
    for await (const _event of log.reader().readAll()) break;
    const { rows } = await sql.query(
      "select count(*)::int as busy from pg_stat_activity where datname = current_database() and state <> 'idle' and pid <> pg_backend_pid() and backend_type = 'client backend'",
    );
    expect(rows).toEqual([{ busy: 0 }]);
  });
});
