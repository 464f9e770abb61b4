import { aggregate, type BoundaryDecider, type Event, executeCommand, handleCommand, type MultiStreamDecider, repository } from "../../src/index.ts";
import { describe, expect, test } from "../support/test.ts";

type Counted = Event<"Counted" | "Forgotten", Record<string, never>>;

const forgotten: Counted = { type: "Forgotten", data: {} };
/** What JavaScript lets through: the branch of one type gives nothing, or a promise. */
const faulty: Readonly<Record<string, (count: number, event: Counted) => number>> = {
  // @ts-expect-error -- a forgotten return
  undefined: (count, { type }) => {
    if (type === "Counted") return count + 1;
  },
  // @ts-expect-error -- an async function
  "a promise": async (count, { type }) => {
    if (type === "Forgotten") throw new Error("nobody waits for this");
    return count + 1;
  },
};

for (const [what, evolve] of Object.entries(faulty)) {
  const fold = { initialState: () => 0, evolve };
  const refused = { code: "INVALID_ARGUMENT", message: expect.stringMatching(new RegExp(`evolve.* returned ${what}.*"Forgotten"`, "u")) };

  describe(`an evolve that returns ${what} is refused with the event's type`, () => {
    test("in aggregateStream", async ({ store }) => {
      await store.appendToStream("a", [forgotten]);
      await expect(store.aggregateStream<number, Counted>("a", fold)).rejects.toMatchObject(refused);
      await store.transaction(async (tx) => expect(tx.aggregateStream<number, Counted>("a", fold)).rejects.toMatchObject(refused));
    });

    test("in a command, of events read and events decided, and nothing is written", async ({ store }) => {
      const decider = { ...fold, name: what, snapshot: { every: 1 }, decide: async () => [forgotten] };
      await expect(handleCommand(store, decider, "a", null)).rejects.toMatchObject(refused);
      expect((await store.streamInfo("a")).exists).toBe(false);
      await store.appendToStream("a", [forgotten]);
      for (const snapshot of [undefined, { every: 1 }])
        await expect(handleCommand(store, { ...fold, decide: () => [], name: what, ...(snapshot && { snapshot }) }, "a", null)).rejects.toMatchObject(refused);
      expect((await store.streamInfo("a")).version).toBe(1);
    });

    test("in a command over several streams, and in one by query", async ({ store }) => {
      await store.appendToStream("a", [{ ...forgotten, tags: ["t:1"] }]);
      const over: MultiStreamDecider<number, null, Counted> = { ...fold, reads: ["a", "b"], decide: () => [], name: what };
      await expect(executeCommand(store, over, null)).rejects.toMatchObject(refused);
      await expect(executeCommand(store, { ...over, snapshot: { every: 1 } }, null)).rejects.toMatchObject(refused);
      const query: BoundaryDecider<number, null, Counted> = { ...fold, query: [{ tags: ["t:1"] }], decide: () => [] };
      await expect(executeCommand(store, query, null)).rejects.toMatchObject(refused);
    });

    test("in an aggregate, of events read and events applied", async ({ store }) => {
      class Thing extends aggregate<number, Counted>({ category: "a", initialState: () => 0, evolve: { Counted: evolve, Forgotten: evolve } }) {
        forget(): void {
          this.apply(forgotten);
        }
      }
      await expect(repository(store, Thing).update("1", (thing) => thing.forget())).rejects.toMatchObject(refused);
      await store.appendToStream("a-2", [forgotten]);
      await expect(repository(store, Thing).load("2")).rejects.toMatchObject(refused);
    });
  });
}

test("an initialState that is a promise is refused, and null is a state", async ({ store }) => {
  const counted = { type: "Counted", data: {} };
  await store.appendToStream("a", [counted]);
  const async = { initialState: async () => 0, evolve: (state: Promise<number>) => state };
  const refused = { code: "INVALID_ARGUMENT", message: expect.stringMatching(/initialState returned a promise/) };
  await expect(store.aggregateStream("a", async)).rejects.toMatchObject(refused);
  await expect(handleCommand(store, { ...async, decide: () => [] }, "b", null)).rejects.toMatchObject(refused);
  await expect(executeCommand(store, { ...async, reads: ["a"], decide: () => [] }, null)).rejects.toMatchObject(refused);
  const query: BoundaryDecider<Promise<number>, null, Event> = { ...async, query: [{ types: ["Nothing"] }], decide: () => [] };
  await expect(executeCommand(store, query, null)).rejects.toMatchObject(refused);
  expect(await store.aggregateStream<null | undefined>("a", { initialState: () => undefined, evolve: () => null })).toMatchObject({ state: null });
});

test("a decision with a hole is refused before anything is evolved or written", async ({ store }) => {
  const seen: unknown[] = [];
  const fold = {
    initialState: () => 0,
    evolve: (count: number, event: Event) => {
      seen.push(event);
      return count + 1;
    },
  };
  // oxlint-disable-next-line no-sparse-arrays -- what a comma too many makes
  for (const decided of [[, forgotten], [undefined, forgotten], [null, forgotten], ["Forgotten"]]) {
    const refused = { code: "INVALID_ARGUMENT", path: "decide[0]" };
    // @ts-expect-error -- no events
    await expect(handleCommand(store, { ...fold, decide: () => decided }, "a", null, { commandId: "c" })).rejects.toMatchObject(refused);
    // @ts-expect-error -- no events
    await expect(executeCommand(store, { ...fold, query: [{ types: ["T"] }], streamId: "a", decide: () => decided }, null)).rejects.toMatchObject(refused);
    // @ts-expect-error -- no parts
    await expect(executeCommand(store, { ...fold, reads: [], decide: () => decided }, null)).rejects.toMatchObject(refused);
    const parts = { ...fold, reads: [], decide: () => [{ streamId: "a", events: decided }] };
    // @ts-expect-error -- no events
    await expect(executeCommand(store, parts, null)).rejects.toMatchObject({ path: "decide[0].events[0]" });
  }
  expect(seen).toEqual([]);
  expect(await store.readAll().toArray()).toEqual([]);
});
