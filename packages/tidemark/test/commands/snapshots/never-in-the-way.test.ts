import { handleCommand } from "../../../src/index.ts";
import { describe, eventually, expect, recordLogs, test } from "../../store/test.ts";
import { type added, counter, type CounterState, fill } from "./counter.ts";
import { fn } from "../../support/functions.ts";

describe("a snapshot", () => {
  test("that cannot be written for a lock holds no command up", async ({ openStore, client, q }) => {
    const { logger } = recordLogs();
    const store = await openStore({ logger, pool: { max: 2 } });
    const sums = counter({ every: 1 });
    await handleCommand(store, sums, "counter-1", 1);
    await store.snapshots.settled();
    await client.query("begin");
    await client.query(`select from ${q}.snapshots for update`);
    for (let n = 2; n <= 30; n++) expect((await handleCommand(store, sums, "counter-1", n)).version).toBe(n);
    // It gives up after a second, and is tried again by a later command.
    await eventually(() => expect(store.snapshots.stats().failed).toBeGreaterThanOrEqual(1));
    expect(store.snapshots.stats()).toMatchObject({ taken: 1 });
    await client.query("rollback");
    await handleCommand(store, sums, "counter-1", 31);
    await store.snapshots.settled();
    expect((await store.snapshots.list()).map(({ version }) => version)).toEqual([31]);
  });

  test("that cannot be read or written changes nothing but a counter", async ({ openStore, q }) => {
    const { logger, lines } = recordLogs();
    const store = await openStore({ logger });
    const sums = counter({ every: 3 });
    await fill(store, "counter-1", 3);
    await store.query(`alter table ${q}.snapshots rename to gone`);
    for (let n = 4; n <= 9; n++) {
      expect((await handleCommand(store, sums, "counter-1", n)).state.order).toHaveLength(n);
      await store.snapshots.settled();
    }
    // Six readings, and the writing at 4 and at 7.
    expect(store.snapshots.stats()).toMatchObject({ failed: 6 + 2 * 2, taken: 0, used: 0 });
    expect(lines.filter((line) => line.startsWith("warn"))).toHaveLength(1);
    await store.query(`alter table ${q}.gone rename to snapshots`);
    await handleCommand(store, sums, "counter-1", 10);
    await store.snapshots.settled();
    expect((await store.snapshots.list()).map(({ version }) => version)).toEqual([10]);
  });

  test("whose policy or evolve throws changes nothing but a counter", async ({ openStore }) => {
    const { logger } = recordLogs();
    const store = await openStore({ logger });
    const throwing = counter({
      when: () => {
        throw new Error("mine");
      },
    });
    expect(await handleCommand(store, throwing, "counter-1", 1)).toMatchObject({ version: 1 });
    expect(store.snapshots.stats()).toMatchObject({ failed: 1, pending: 0 });

    let commands = true;
    const sums = counter({ every: 1 });
    const evolve = sums.evolve;
    const failing = {
      ...sums,
      evolve: (state: CounterState, event: ReturnType<typeof added>): CounterState => {
        if (!commands) throw new Error("mine");
        return evolve(state, event);
      },
    };
    const handled = handleCommand(store, failing, "counter-1", 2);
    await handled;
    commands = false;
    await store.snapshots.settled();
    expect(store.snapshots.stats()).toMatchObject({ failed: 2, taken: 0 });
  });

  test("is taken after the command has answered", async ({ store }) => {
    const answered: boolean[] = [];
    let done = false;
    const sums = counter({ every: 1 });
    const evolve = sums.evolve;
    let readings = 0;
    const watched = {
      ...sums,
      evolve: (state: CounterState, event: ReturnType<typeof added>): CounterState => {
        readings++;
        answered.push(done);
        return evolve(state, event);
      },
    };
    await handleCommand(store, watched, "counter-1", 1);
    done = true;
    await store.snapshots.settled();
    // Once for the decision, once for the snapshot.
    expect(readings).toBe(2);
    expect(answered).toEqual([false, true]);
  });

  test("does not hold what the caller makes of the state that was returned", async ({ store }) => {
    const sums = counter({ every: 1 });
    const { state } = await handleCommand(store, sums, "counter-1", 1);
    Object.assign(state, { sum: 1_000 });
    await store.snapshots.settled();
    expect(store.snapshots.stats()).toMatchObject({ taken: 1 });
    expect((await handleCommand(store, sums, "counter-1", 1)).state.sum).toBe(2);
  });

  test("holds stored events, not what was decided", async ({ store }) => {
    // What evolve sees of a decided event lacks what the store adds.
    const seen = {
      ...counter({ every: 1 }),
      evolve: (state: CounterState, event: object): CounterState => ({ ...state, order: [...state.order, "recordedAt" in event ? 1 : 0] }),
    };
    expect((await handleCommand(store, seen, "counter-1", 1)).state.order).toEqual([0]);
    await store.snapshots.settled();
    expect((await handleCommand(store, seen, "counter-1", "nothing")).state.order).toEqual([1]);
    expect(store.snapshots.stats()).toMatchObject({ used: 1 });
  });

  test("of a stream is written once, however many commands want it", async ({ store }) => {
    const sums = counter({ every: 10 });
    await fill(store, "counter-1", 20);
    await Promise.all(Array.from({ length: 50 }, () => handleCommand(store, sums, "counter-1", "nothing")));
    await store.snapshots.settled();
    const { taken, superseded, missing, used } = store.snapshots.stats();
    // A command whose session was slow finds what the first one led to.
    expect([taken, missing + used]).toEqual([1, 50]);
    expect(superseded).toBeLessThan(10);
  });

  test("of fewer events never takes the place of one of more", async ({ store, q, client, sql }) => {
    const sums = counter({});
    await fill(store, "counter-1", 10);
    await store.snapshots.take(sums, "counter-1");
    await fill(store, "counter-1", 1, 11);
    // The faster of two processes has written what it folded of twenty events, when the slower one comes with eleven.
    await client.query("begin");
    await client.query(`update ${q}.snapshots set version = 20`);
    const slower = store.snapshots.take(sums, "counter-1");
    await eventually(async () => {
      const { rows } = await sql.query(
        "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%keep_snapshot%'",
      );
      expect(rows).toHaveLength(1);
    });
    await client.query("commit");
    expect(await slower).toBe(false);
    expect((await store.snapshots.list()).map(({ version }) => version)).toEqual([20]);
    // One of other events, and as many: nothing is gained.
    expect(await store.snapshots.take(sums, "counter-1")).toBe(true);
  });

  test("that is slow is given up when the store closes, and the process goes on", async ({ openStore, client, q }) => {
    const store = await openStore();
    const sums = counter({ every: 1 });
    await client.query("begin");
    await client.query(`lock table ${q}.snapshots in share mode`);
    const streams = Array.from({ length: 20 }, (_, n) => `counter-${n}`);
    for (const streamId of streams) await handleCommand(store, sums, streamId, 1);
    const began = performance.now();
    await store.close({ timeoutMs: 100 });
    // One lock is waited for a second; twenty would be twenty.
    expect(performance.now() - began).toBeLessThan(15_000);
    const { dropped, failed, taken, pending } = store.snapshots.stats();
    expect([taken, pending]).toEqual([0, 0]);
    expect(dropped + failed).toBeGreaterThan(0);
  });

  test("waits for no disk, and takes nothing from what is committed after it", async ({ store, client, q }) => {
    await fill(store, "counter-1", 1);
    const keep = `select ${q}.${fn("keep_snapshot")}('', 'stream', 'counter', 'counter-1', 1, '', 1, 1, gen_random_uuid(), null, '{}', null, null) as kept`;
    const durability = async (): Promise<unknown> => (await client.query("show synchronous_commit")).rows[0]?.synchronous_commit;
    await client.query("begin");
    expect((await client.query(keep)).rows).toEqual([{ kept: true }]);
    expect(await durability()).toBe("off");
    await client.query("commit");
    expect(await durability()).toBe("on");
  });

  test("does not run inside the transaction that a command was handled beside", async ({ store }) => {
    const sums = counter({ every: 1 });
    await store.transaction(async (tx) => {
      await handleCommand(store, sums, "counter-1", 1);
      await handleCommand(tx, sums, "counter-2", 1);
      await store.snapshots.settled();
    });
    expect((await store.snapshots.list()).map(({ streamIds }) => streamIds)).toEqual([["counter-1"]]);
  });

  test("whose queue is full is dropped and counted", async ({ openStore, client, q }) => {
    const { logger } = recordLogs();
    const store = await openStore({ logger });
    const sums = counter({ every: 1 });
    await client.query("begin");
    await client.query(`lock table ${q}.snapshots in share mode`);
    const streams = Array.from({ length: 1_010 }, (_, n) => `counter-${n}`);
    await Promise.all(streams.map((streamId) => handleCommand(store, sums, streamId, 1)));
    const full = store.snapshots.stats();
    expect(full.pending).toBeLessThanOrEqual(1_001);
    // Each second one gives up waiting for the lock and makes room: more than the queue holds come later, whatever the machine does.
    expect(full.dropped + full.failed).toBeGreaterThanOrEqual(9);
    await client.query("rollback");
    await store.snapshots.settled();
    const { dropped, failed, taken } = store.snapshots.stats();
    expect(dropped + failed + taken).toBe(1_010);
  });
});

test("what is no policy is refused before anything is read", async ({ store }) => {
  const refused = async (snapshot: object, path: string, name?: string): Promise<void> => {
    const wrong = { ...counter(snapshot), ...(name !== undefined && { name }) };
    await expect(handleCommand(store, wrong, "counter-1", 1), path).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path });
  };
  await refused({ every: 0 }, "decider.snapshot.every");
  await refused({ every: 1.5 }, "decider.snapshot.every");
  await refused({ when: true }, "decider.snapshot.when");
  await refused({ stateVersion: 0 }, "decider.snapshot.stateVersion");
  await refused({ stateVersion: 2 ** 31 }, "decider.snapshot.stateVersion");
  await refused({ evry: 100 }, "decider.snapshot.evry");
  await refused({}, "decider.name", "");
  await refused({}, "decider.name", "a\u001eb");
  const { name: _name, ...nameless } = counter();
  await expect(handleCommand(store, nameless, "counter-1", 1)).rejects.toThrow(/decider\.name is missing\. Snapshots/);
  const { snapshot: _snapshot, ...plain } = nameless;
  await expect(store.snapshots.take(plain, "counter-1")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
});
