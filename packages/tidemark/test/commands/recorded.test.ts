import { executeCommand, type EventReaderWriter, handleCommand, type NewEvent, type ReadStreamOptions, type RecordedEvent } from "../../src/index.ts";
import { test as base, expect } from "../support/test.ts";

/** Nobody can read a stream of `unread` up to some version: a command that reads back what it wrote fails. */
const test = base.extend("unread", ({ store }) => withoutReading(store));

function withoutReading(store: EventReaderWriter): EventReaderWriter {
  return new Proxy(store, {
    get(target, key) {
      if (key === "readStream")
        return (streamId: string, options: ReadStreamOptions = {}) =>
          options.toVersion === undefined ? target.readStream(streamId, options) : { toArray: () => Promise.reject(new Error("read back")) };
      const value: unknown = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

const awkward: readonly NewEvent[] = [
  { type: "Plain", data: { z: 1, a: [1.5, 1e21, "\u{1F98A}\u001f\u2028"], nested: { "a.b": null } } },
  { type: "Tagged", data: "text", tags: ["seat:1", "course:ü"], metadata: { actorId: "ada", attempts: 2 } },
  { type: "Nothing", data: null },
];

/** Decides as many of them as the command says. */
const some = {
  initialState: () => 0,
  evolve: (count: number) => count + 1,
  decide: (count: number): readonly NewEvent[] => awkward.slice(0, count),
};

async function stored(store: EventReaderWriter, events: readonly RecordedEvent[]): Promise<readonly (RecordedEvent | undefined)[]> {
  return await Promise.all(events.map(({ id }) => store.eventById(id)));
}

test("events of a command alone are told by its append, as they are stored", async ({ store, unread }) => {
  for (const count of [1, 2, 3]) {
    const { events } = await handleCommand(unread, some, `cart-${count}`, count);
    expect(events.map(({ version }) => version)).toEqual([1, 2, 3].slice(0, count));
    expect(events).toEqual(await stored(store, events));
  }
});

test.for([
  ["without ids", 0],
  ["with ids", 1],
  ["some with ids", 4],
] as const)("and those of many at once, on new streams and old ones, %s", async ([, withId], { store, unread }) => {
  for (let round = 1; round <= 3; round++) {
    const results = await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        handleCommand(unread, some, `cart-${n}`, 1 + (n % 3), withId > 0 && n % withId === 0 ? { commandId: `${round}/${n}` } : {}),
      ),
    );
    const events = results.flatMap((result) => result.events);
    expect(events.length).toBe(120);
    expect(events).toEqual(await stored(store, events));
    expect(events.at(-1)).toMatchObject({ streamId: "cart-59", version: round * 3, tenant: "" });
  }
});

test("and those of several streams, in the order of their positions", async ({ store, unread }) => {
  const decider = {
    reads: ["b", "a"],
    initialState: () => 0,
    evolve: (count: number) => count + 1,
    decide: () => [
      // The store writes streams in the order of their names.
      { streamId: "c", events: awkward.slice(1) },
      { streamId: "b", events: awkward },
    ],
  };
  const { events, position } = await executeCommand(unread, decider, undefined);
  expect(events.map((event) => event.position)).toEqual(events.map((event) => event.position).toSorted((a, b) => a - b));
  expect(position).toBe(events.at(-1)?.position);
  expect(events).toHaveLength(5);
  expect(events).toEqual(await stored(store, events));
});

test("and those of a decision by tags", async ({ store, unread }) => {
  const decider = { ...some, query: [{ tags: ["seat:1"] }], decide: () => awkward.slice(1, 2) };
  const { events } = await executeCommand(unread, decider, undefined);
  expect(events).toHaveLength(1);
  expect(events).toEqual(await stored(store, events));
});

test("and those of a tenant, in a transaction, under the user's own metadata", async ({ store }) => {
  const ours = store.forTenant("ours").withMetadata({ requestId: "r1" });
  const events = await ours.transaction(async (tx) => (await handleCommand(withoutReading(tx), some, "cart-1", 3)).events);
  expect(events).toMatchObject([{ tenant: "ours", metadata: { requestId: "r1" } }, { metadata: { requestId: "r1", actorId: "ada" } }, {}]);
  expect(events).toEqual(await stored(ours, events));
});

test("an append that is refused beside it, and one that finds its events there, are read back", async ({ store, sql, schema }) => {
  await sql.query(`alter table "${schema.replaceAll('"', '""')}".events add constraint no_poison check (type <> 'Poison')`);
  const poisoned = store.appendToStream("poison-1", [{ type: "Poison", data: {} }]).catch((error: unknown) => error);
  const [first, ...others] = await Promise.all(Array.from({ length: 8 }, (_, n) => handleCommand(store, some, `cart-${n}`, 2, { commandId: "once" })));
  expect(await poisoned).toMatchObject({ code: "DATABASE", constraint: "no_poison" });
  for (const { events } of others) expect(events).toEqual(await stored(store, events));
  expect(await handleCommand(store, some, "cart-0", 2, { commandId: "once" })).toEqual(first);
});
