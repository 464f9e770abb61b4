import {
  type Decider,
  defineConsumer,
  defineEvents,
  type Event,
  event,
  type EventStore,
  handleCommand,
  openEventStore,
  type TidemarkError,
  UnknownEventTypeError,
} from "tidemark";
import type { UnknownEvents } from "../../src/catalogue/unknown-events.ts";
import { codecOf } from "./stored-event.ts";
import { describe, eventually, expect, test } from "./test.ts";

/** Code that is being replaced, and what replaces it. */
const before = (unknownEvents?: UnknownEvents): ReturnType<typeof codecOf> => codecOf({ ItemAdded: event() }, { unknownEvents });
const newer = codecOf({ ItemAdded: { schema: event(), version: 2, upcast: { 1: ({ data }: { data: { sku: string } }) => ({ item: data.sku }) } } });

const tea: Event = { type: "ItemAdded", data: { sku: "tea" } };
const jam: Event = { type: "ItemAdded", data: { item: "jam" } };

describe("a dead letter of newer code that older code tries again", () => {
  const failing = defineConsumer({
    name: "mailer",
    retry: { attempts: 1 },
    handle() {
      throw new Error("not now");
    },
  });

  async function leaveLetter(today: EventStore): Promise<void> {
    await today.appendToStream("cart-1", [jam]);
    const worker = today.createWorker({ consumers: [failing], onError: () => {} });
    await worker.start();
    await worker.caughtUp();
    await worker.stop();
  }

  test.for(["error", "skip"] as const)("stays, with unknownEvents %s, until newer code handles it", async (unknownEvents, { openWith }) => {
    const today = await openWith(newer);
    await leaveLetter(today);
    const old = await openWith(before(unknownEvents));
    const seen: unknown[] = [];
    const mended = defineConsumer({ name: "mailer", handle: ({ data }) => void seen.push(data) });
    const errors: TidemarkError[] = [];
    const older = old.createWorker({ consumers: [mended], onError: (error) => void errors.push(error) });
    await older.start();
    await old.deadLetters.retry({ consumer: "mailer", position: 1 });
    await eventually(() => expect(errors.map(({ message }) => message).join()).toContain("It stays a dead letter"));
    await older.stop();
    expect(await old.deadLetters.list({ raw: true })).toMatchObject([{ position: 1, state: "failed", attempts: 2, error: { code: "UNKNOWN_EVENT_TYPE" } }]);
    const newest = today.createWorker({ consumers: [mended] });
    await newest.start();
    await today.deadLetters.retry({ consumer: "mailer", position: 1 });
    await newest.caughtUp();
    await newest.stop();
    expect([seen, await today.deadLetters.list()]).toEqual([[jam.data], []]);
  });

  test("is shown with why it cannot be decoded, and counts as skipped by nobody", async ({ databaseUrl, schema, openWith, onTestFinished }) => {
    await leaveLetter(await openWith(newer));
    const old = await openEventStore(databaseUrl, { schema, events: defineEvents({ ItemAdded: event() }), unknownEvents: "skip" });
    onTestFinished(() => old.close());
    const [letter] = await old.deadLetters.list();
    expect(letter).toMatchObject({ event: { schemaVersion: 2, data: jam.data }, decodeError: { code: "UNKNOWN_EVENT_TYPE" } });
    expect(await old.deadLetters.get({ consumer: "mailer", position: 1 })).toEqual(letter);
    expect(old.skippedTypes()).toEqual([]);
  });

  test("is handled as it is stored, with unknownEvents pass", async ({ openWith }) => {
    const today = await openWith(newer);
    await leaveLetter(today);
    const old = await openWith(before("pass"));
    const seen: unknown[] = [];
    const older = old.createWorker({ consumers: [defineConsumer({ name: "mailer", handle: ({ data }) => void seen.push(data) })] });
    await older.start();
    await old.deadLetters.retry({ consumer: "mailer", position: 1 });
    await older.caughtUp();
    await older.stop();
    expect([seen, await old.deadLetters.list()]).toEqual([[jam.data], []]);
  });
});

describe("a snapshot of older code", () => {
  const counting: Decider<number, undefined, Event> = {
    name: "items",
    snapshot: { every: 1 },
    initialState: () => 0,
    evolve: (count) => count + 1,
    decide: () => [],
  };

  test("that left unknown events out is not used where they are refused or passed", async ({ openWith }) => {
    const skipping = await openWith(before("skip"));
    await skipping.appendToStream("cart-1", [tea]);
    await (await openWith(newer)).appendToStream("cart-1", [jam]);
    await skipping.appendToStream("cart-1", [tea]);
    expect(await skipping.snapshots.take(counting, "cart-1")).toBe(true);
    expect(await handleCommand(skipping, counting, "cart-1", undefined)).toMatchObject({ state: 2, version: 3 });
    expect(await handleCommand(await openWith(before("pass")), counting, "cart-1", undefined)).toMatchObject({ state: 3, version: 3 });
    await expect(handleCommand(await openWith(before()), counting, "cart-1", undefined)).rejects.toThrow(UnknownEventTypeError);
  });
});
