import pg from "pg";
import { defineProjection, type ProjectionTransaction } from "../../src/index.ts";
import { waitsForLock } from "../schema/gates.ts";
import { itemAdded } from "../support/cart.ts";
import { inSchema } from "../support/functions.ts";
import { eventually, expect, test as base } from "../support/test.ts";

type WhileClosed = (tx: ProjectionTransaction) => Promise<unknown>;

/** A projection that goes live in rounds: each of its tries finds exactly as many events behind the closed gate as the test says. */
const test = base.extend("rounds", async ({ openStore, sql, schema }, { onCleanup }) => {
  const at = pg.escapeIdentifier(schema);
  const [holder, appending] = [await sql.connect(), await sql.connect()];
  onCleanup(() => {
    holder.release(true);
    appending.release(true);
  });
  let whileClosed: WhileClosed = async () => {};
  let calls = 0;
  let end = 1;
  let held: Promise<unknown> | undefined;
  const slow = defineProjection({
    name: "slow",
    mode: "inline",
    handles: ["ItemAdded"],
    handle: async ({ position }, tx) => {
      const isClosed = tx.query<{ closed: boolean }>(
        "select exists (select from pg_locks where pid = pg_backend_pid() and locktype = 'advisory' and mode = 'ExclusiveLock' and objid = 0) as closed",
      );
      // Only behind the gate has a statement so little time that this one may be cancelled.
      const closed = await isClosed.then(
        ({ rows }) => rows[0]?.closed,
        () => true,
      );
      if (closed) {
        calls++;
        await whileClosed(tx);
      } else if (position === end) {
        // Waits for the transaction of the last event, and is before the next try in the queue.
        held = holder.query(
          inSchema("begin; select pg_advisory_xact_lock(@lock_number('@consumer_shards'::regclass::oid::bigint), id) from @consumer_shards", at),
        );
        await waitsForLock(sql, `from ${at}.consumer_shards`);
      }
    },
  });
  const writer = await openStore();
  await writer.appendToStream("cart-1", [itemAdded()]);
  // As an append under way: it does not go live before its handler was called with the gate open.
  await appending.query(inSchema("begin; select pg_advisory_xact_lock_shared(@lock_number('@projections'::regclass::oid::bigint), 0)", at));
  const store = await openStore({ projections: [slow], logger: { debug() {}, info() {}, warn() {}, error() {} } });
  return {
    store,
    /** Calls of the handler with the gate closed, of the try that finds `events`. */
    async next(events: number, work: WhileClosed = async () => {}): Promise<number> {
      await eventually(async () => expect(await store.projections.get("slow")).toMatchObject({ position: end }));
      await held;
      await appending.query("rollback");
      await waitsForLock(sql, "enter_shard");
      ({ position: end } = await writer.appendToStream(
        "cart-1",
        Array.from({ length: events }, () => itemAdded()),
      ));
      [calls, whileClosed, held] = [0, work, undefined];
      await holder.query("commit");
      await eventually(async () => expect(await store.projections.get("slow")).toMatchObject({ position: end }));
      return calls;
    },
  };
});

test("an inline projection that took too long goes live with fewer events, and tries more again where there are more", async ({ rounds }) => {
  const released = Promise.withResolvers<void>();
  try {
    expect(await rounds.next(4, () => released.promise)).toBe(1);
    // Half as many would be tried.
    expect(await rounds.next(4)).toBe(0);
    expect(await rounds.next(4, () => released.promise)).toBe(1);
    expect(await rounds.next(2)).toBeGreaterThan(0);
    await eventually(async () => expect(await rounds.store.projections.get("slow")).toMatchObject({ state: "live" }));
  } finally {
    released.resolve();
  }
});

test("no statement of a handler's runs or waits for long while appends wait for it", async ({ rounds, sql }) => {
  await sql.query("create table public.rows as select 1 as n");
  const locker = await sql.connect();
  try {
    await locker.query("begin; select from public.rows for update");
    const states: unknown[] = [];
    const trying =
      (text: string): WhileClosed =>
      async (tx) =>
        await tx.query(text).catch((error: unknown) => {
          if (error instanceof Error && "sqlState" in error) states.push(error.sqlState);
          throw error;
        });
    await rounds.next(1, trying("update public.rows set n = n + 1"));
    await rounds.next(1, trying("select pg_sleep(20)"));
    expect(states).toEqual(["55P03", "57014"]);
  } finally {
    await locker.query("rollback");
    locker.release();
    await sql.query("drop table public.rows");
  }
});
