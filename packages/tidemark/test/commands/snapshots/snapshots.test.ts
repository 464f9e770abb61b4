import { escapeIdentifier } from "pg";
import { handleCommand, type SnapshotCandidate } from "../../../src/index.ts";
import { drivers } from "../../contract/drivers.ts";
import { recordLogs } from "../../store/test.ts";
import { describe, expect } from "../../support/test.ts";
import { added, counter, type CounterState, fill } from "./counter.ts";

for (const { driver, test } of drivers) {
  describe(`a snapshot on ${driver}`, () => {
    test("is taken every n events, and spares the next command the events before it", async ({ open }) => {
      const store = await open();
      const sums = counter({ every: 5 });
      for (let n = 1; n <= 4; n++) await handleCommand(store, sums, "counter-1", n);
      await store.snapshots.settled();
      expect(await store.snapshots.list()).toEqual([]);
      const { position } = await handleCommand(store, sums, "counter-1", 5);
      await store.snapshots.settled();
      expect(await store.snapshots.list()).toEqual([
        {
          kind: "stream",
          name: "counter",
          streamIds: ["counter-1"],
          stateVersion: 1,
          version: 5,
          position,
          bytes: expect.any(Number),
          takenAt: expect.any(Date),
        },
      ]);

      sums.evolved = 0;
      const result = await handleCommand(store, sums, "counter-1", 6);
      expect(result).toMatchObject({ version: 6, attempts: 1, state: { sum: 21, order: [1, 2, 3, 4, 5, 6] } });
      expect(sums.evolved).toBe(1);
      expect(store.snapshots.stats()).toEqual({
        used: 1,
        missing: 5,
        outdated: 0,
        mismatched: 0,
        taken: 1,
        superseded: 0,
        unfit: 0,
        failed: 0,
        dropped: 0,
        pending: 0,
      });
    });

    test("holds what one append of many events brought", async ({ open }) => {
      const store = await open();
      const sums = counter({ every: 100 });
      await fill(store, "counter-1", 600);
      await handleCommand(store, sums, "counter-1", "nothing");
      await store.snapshots.settled();
      expect(await store.snapshots.list()).toMatchObject([{ version: 600 }]);
      await fill(store, "counter-1", 300, 601);
      sums.evolved = 0;
      expect((await handleCommand(store, sums, "counter-1", 901)).state.sum).toBe((901 * 902) / 2);
      expect(sums.evolved).toBe(301);
    });

    test("is taken by a policy of one's own", async ({ open }) => {
      const store = await open();
      const asked: SnapshotCandidate<CounterState>[] = [];
      const sums = counter({
        when: (candidate) => {
          asked.push(candidate);
          return candidate.state.sum === 3;
        },
      });
      for (const n of [1, 2, 3]) {
        await handleCommand(store, sums, "counter-1", n);
        await store.snapshots.settled();
      }
      expect(asked.map(({ version, eventsSince, state }) => [version, eventsSince, state.sum])).toEqual([
        [1, 1, 1],
        [2, 2, 3],
        [3, 1, 6],
      ]);
      expect((await store.snapshots.list()).map(({ version }) => version)).toEqual([2]);
    });

    test("is taken by hand, and by nothing else where there is no policy", async ({ open }) => {
      const store = await open();
      const sums = counter({});
      expect(await store.snapshots.take(sums, "counter-1")).toBe(false);
      for (const n of [1, 2, 3]) await handleCommand(store, sums, "counter-1", n);
      await store.snapshots.settled();
      expect(await store.snapshots.list()).toEqual([]);
      expect(await store.snapshots.take(sums, "counter-1")).toBe(true);
      expect(await store.snapshots.take(sums, "counter-1")).toBe(false);
      sums.evolved = 0;
      expect((await handleCommand(store, sums, "counter-1", 4)).state.order).toEqual([1, 2, 3, 4]);
      expect(sums.evolved).toBe(1);
      await expect(store.snapshots.take(counter(undefined, "other"), "counter-1")).resolves.toBe(true);
    });

    test("of another state version is ignored, counted and replaced", async ({ open }) => {
      const store = await open();
      await fill(store, "counter-1", 6);
      await handleCommand(store, counter({ every: 5 }), "counter-1", 7);
      await store.snapshots.settled();

      const doubled = counter({ every: 5, stateVersion: 2 });
      const evolve = doubled.evolve;
      const second = {
        ...doubled,
        evolve: (state: CounterState, event: ReturnType<typeof added>) => evolve(state, { ...event, data: { n: 2 * event.data.n } }),
      };
      expect((await handleCommand(store, second, "counter-1", 8)).state.sum).toBe(72);
      await store.snapshots.settled();
      expect(store.snapshots.stats()).toMatchObject({ outdated: 1, taken: 2 });
      expect((await store.snapshots.list()).map(({ version, stateVersion }) => [version, stateVersion])).toEqual([[8, 2]]);
      expect((await handleCommand(store, second, "counter-1", 9)).state.sum).toBe(90);
      expect(store.snapshots.stats()).toMatchObject({ outdated: 1, used: 1 });
    });

    test("of an old process does not take the place of a newer state version's", async ({ open }) => {
      const store = await open();
      await fill(store, "counter-1", 5);
      await store.snapshots.take(counter({ stateVersion: 2 }), "counter-1");
      await fill(store, "counter-1", 5, 6);
      await store.snapshots.take(counter({ stateVersion: 1 }), "counter-1");
      expect((await store.snapshots.list()).map(({ version, stateVersion }) => `${stateVersion} at ${version}`).toSorted()).toEqual(["1 at 10", "2 at 5"]);
      const newer = counter({ stateVersion: 2 });
      expect((await handleCommand(store, newer, "counter-1", "nothing")).state.order).toHaveLength(10);
      expect(newer.evolved).toBe(5);
    });

    test("is a tenant's own, and a decider's", async ({ open }) => {
      const store = await open();
      const acme = store.forTenant("acme");
      await fill(store, "counter-1", 5);
      await fill(acme, "counter-1", 5, 100);
      await store.snapshots.take(counter({}), "counter-1");
      expect(await acme.snapshots.list()).toEqual([]);
      expect((await handleCommand(acme, counter({}), "counter-1", "nothing")).state.order[0]).toBe(100);
      await acme.snapshots.take(counter({}), "counter-1");
      expect((await handleCommand(acme, counter({}), "counter-1", "nothing")).state.order[0]).toBe(100);
      expect((await handleCommand(store, counter({}), "counter-1", "nothing")).state.order[0]).toBe(1);
      expect(await acme.snapshots.delete({})).toBe(1);
      expect(await store.snapshots.list()).toHaveLength(1);
      const other = counter({}, "other");
      await handleCommand(store, other, "counter-1", "nothing");
      expect(other.evolved).toBe(5);
    });

    test("can be listed and deleted by name, stream and state version", async ({ open }) => {
      const store = await open();
      for (const streamId of ["counter-1", "counter-2"]) {
        await fill(store, streamId, 3);
        for (const name of ["a", "b"]) await store.snapshots.take(counter({ stateVersion: 7 }, name), streamId);
      }
      const listed = async (query: Parameters<typeof store.snapshots.list>[0]): Promise<string[]> =>
        (await store.snapshots.list(query)).map(({ name, streamIds }) => `${name} ${streamIds.join()}`).toSorted();
      expect(await listed({ name: "a" })).toEqual(["a counter-1", "a counter-2"]);
      expect(await listed({ streamId: "counter-2" })).toEqual(["a counter-2", "b counter-2"]);
      expect(await listed({ stateVersion: 1 })).toEqual([]);
      // The newest first; two may be of one millisecond.
      expect(await listed({ limit: 1 })).toMatchObject([expect.stringMatching(/counter-2$/)]);
      expect(await store.snapshots.delete({ name: "a", streamId: "counter-1" })).toBe(1);
      expect(await store.snapshots.delete({ stateVersion: 7, name: "b" })).toBe(2);
      expect(await listed({})).toEqual(["a counter-2"]);
      // @ts-expect-error -- nothing says which
      await expect(store.snapshots.delete()).rejects.toMatchObject({ path: "query" });
      // @ts-expect-error -- a misspelt key
      await expect(store.snapshots.delete({ nme: "a" })).rejects.toThrow(/did you mean.*name/i);
      await expect(store.snapshots.list({ limit: 0 })).rejects.toMatchObject({ path: "query.limit" });
    });

    test("of a state that JSON would change is not taken; that is counted, told once with the place, and never fails a command", async ({ open }) => {
      const { logger, lines } = recordLogs();
      const store = await open({ logger });
      const dates = { ...counter({ every: 2 }), initialState: (): CounterState => Object.assign({ sum: 0, order: [] }, { at: new Date(0) }) };
      const evolve = dates.evolve;
      const keeping = { ...dates, evolve: (state: CounterState, event: ReturnType<typeof added>): CounterState => ({ ...state, ...evolve(state, event) }) };
      for (const streamId of ["counter-1", "counter-2"]) {
        for (let n = 1; n <= 4; n++) {
          expect((await handleCommand(store, keeping, streamId, n)).state.order).toHaveLength(n);
          await store.snapshots.settled();
        }
      }
      // Not at every command beyond the second: it is tried again when as many events have come.
      expect(store.snapshots.stats()).toMatchObject({ unfit: 4, taken: 0, failed: 0 });
      expect(lines.filter((line) => line.startsWith("warn"))).toEqual([expect.stringMatching(/"counter".*"counter-1".*state\.at .*class Date/)]);
      await expect(store.snapshots.take(keeping, "counter-1")).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path: "state.at" });
    });

    test("keeps what JSON loses: the order of keys, undefined, one object at two places", async ({ open }) => {
      type State = { zz?: number; a?: undefined; list: { n: number }[]; current: { n: number } | undefined };
      const store = await open();
      const odd = {
        name: "odd",
        snapshot: {},
        initialState: (): State => ({ list: [], current: undefined }),
        evolve: (state: State, { data }: ReturnType<typeof added>): State => {
          const current = { n: data.n };
          state.list.push(current);
          // Changes what stands in the list, too.
          if (state.current) state.current.n *= 10;
          return { ...state, zz: 1, a: undefined, current };
        },
        decide: (n: number) => [added(n)],
      };
      await fill(store, "counter-1", 2);
      const before = await handleCommand(store, odd, "counter-1", []);
      await store.snapshots.take(odd, "counter-1");
      const after = await handleCommand(store, odd, "counter-1", []);
      expect(store.snapshots.stats()).toMatchObject({ used: 1 });
      expect(Object.entries(after.state)).toEqual(Object.entries(before.state));
      expect(after.state.current).toBe(after.state.list[1]);
      const next = await handleCommand(store, odd, "counter-1", 3);
      expect(next.state.list.map(({ n }) => n)).toEqual([10, 20, 3]);
    });

    test("finds a repeated command in the part that it spares", async ({ open }) => {
      const store = await open();
      const sums = counter({ every: 2 });
      const first = await handleCommand(store, sums, "counter-1", 1, { commandId: "once" });
      for (const n of [2, 3]) await handleCommand(store, sums, "counter-1", n);
      await store.snapshots.settled();
      expect(await store.snapshots.list()).toHaveLength(1);
      expect(await handleCommand(store, sums, "counter-1", 1, { commandId: "once" })).toEqual(first);
      expect((await store.streamInfo("counter-1")).version).toBe(3);
    });

    test("is read in a transaction, and none is taken there", async ({ open }) => {
      const store = await open();
      const sums = counter({ every: 2 });
      await fill(store, "counter-1", 3);
      await store.snapshots.take(sums, "counter-1");
      sums.evolved = 0;
      await store.transaction(async (tx) => {
        for (const n of [4, 5, 6]) expect((await handleCommand(tx, sums, "counter-1", n)).state.order).toHaveLength(n);
      });
      await store.snapshots.settled();
      expect(sums.evolved).toBe(1 + 2 + 3);
      expect((await store.snapshots.list()).map(({ version }) => version)).toEqual([3]);
    });

    test("is written before the store is closed", async ({ open }) => {
      const store = await open();
      await Promise.all(Array.from({ length: 20 }, (_, n) => fill(store, `counter-${n}`, 5)));
      await Promise.all(Array.from({ length: 20 }, (_, n) => handleCommand(store, counter(), `counter-${n}`, 6)));
      await store.close();
      const again = await open();
      expect(await again.snapshots.list()).toHaveLength(20);
    });

    test("is ignored, counted and replaced where its events are gone or others", async ({ open, openOwner, schema }) => {
      const store = await open();
      const q = escapeIdentifier(schema);
      const sums = counter({ every: 5 });
      for (const streamId of ["shorter", "other"]) {
        await fill(store, streamId, 8);
        await store.snapshots.take(sums, streamId);
      }
      // As after a restore of an earlier state, whose snapshots were not taken back.
      const owner = await openOwner();
      await owner.query(`alter table ${q}.events disable trigger all`);
      await owner.query(`delete from ${q}.events where stream_id = (select id from ${q}.streams where name = 'shorter') and version > 5`);
      await owner.query(`update ${q}.events set id = gen_random_uuid() where stream_id = (select id from ${q}.streams where name = 'other') and version = 8`);
      await owner.query(`alter table ${q}.events enable trigger all`);

      expect((await handleCommand(store, sums, "shorter", 66)).state.order).toEqual([1, 2, 3, 4, 5, 66]);
      expect((await handleCommand(store, sums, "other", 99)).state.order).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 99]);
      await store.snapshots.settled();
      expect(store.snapshots.stats()).toMatchObject({ mismatched: 2, taken: 4, superseded: 0 });
      // The stale one had eight events, more than the stream has now.
      expect((await store.snapshots.list({ streamId: "shorter" })).map(({ version }) => version)).toEqual([6]);
      expect((await handleCommand(store, sums, "shorter", 67)).state.order).toEqual([1, 2, 3, 4, 5, 66, 67]);
      expect(store.snapshots.stats()).toMatchObject({ mismatched: 2, used: 1 });
    });
  });
}
