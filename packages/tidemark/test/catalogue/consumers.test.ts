import { defineConsumer, type EventStore, type RecordedEvent, type TidemarkError, type Worker } from "tidemark";
import { sampleCodec } from "./sample-codec.ts";
import { describe, eventually, expect, test as base } from "./test.ts";

/** What yesterday's code wrote, stream by stream. */
async function writeOld(store: EventStore): Promise<void> {
  await store.appendToStream("cart-1", [
    { type: "CartOpened", data: { by: "ada" } },
    { type: "BasketFilled", data: { skus: ["tea", "jam", "rye"] } },
  ]);
  await store.appendToStream("cart-2", [
    { type: "CartTouched", data: {} },
    { type: "ItemAdded", data: { item: "oil" } },
  ]);
}

const sayParts = ({ type, position, part, data }: RecordedEvent): string =>
  `${type} ${position}${part === undefined ? "" : `.${part}`} ${JSON.stringify(data)}`;
const added = (sku: string): string => JSON.stringify({ sku, quantity: 1 });
const all = [
  `CartCreated 1 {"by":"ada"}`,
  `ItemAdded 2.0 ${added("tea")}`,
  `ItemAdded 2.1 ${added("jam")}`,
  `ItemAdded 2.2 ${added("rye")}`,
  `ItemAdded 4 ${added("oil")}`,
];

const test = base.extend("run", ({}, { onCleanup }) => {
  const started: Worker[] = [];
  onCleanup(async () => {
    await Promise.all(started.map((worker) => worker.stop()));
  });
  return async (store: EventStore, consumer: ReturnType<typeof defineConsumer>): Promise<{ readonly worker: Worker; readonly errors: TidemarkError[] }> => {
    const errors: TidemarkError[] = [];
    const worker = store.createWorker({ consumers: [consumer], leaseMs: 2_000, onError: (error) => void errors.push(error) });
    started.push(worker);
    await worker.start();
    return { worker, errors };
  };
});

describe("a consumer of events that outlived their code", () => {
  test("gets what today's code knows, and passes what became nothing without a call or a transaction", async ({ store, openWith, run }) => {
    await writeOld(store);
    const today = await openWith(sampleCodec("today"));
    const seen: string[] = [];
    const { worker } = await run(today, defineConsumer({ name: "c", handle: (event) => void seen.push(sayParts(event)) }));
    await worker.caughtUp();
    expect(seen).toEqual(all);
    // Of stored events: the three parts are one, and what became nothing was not handled.
    expect(worker.counts()).toEqual([{ name: "c", kind: "consumer", handled: 3, retried: 0, parked: 0 }]);
    await store.appendToStream("cart-2", [{ type: "CartTouched", data: {} }]);
    await worker.caughtUp();
    await eventually(async () => expect((await today.consumers.get("c")).shards).toMatchObject([{ position: 5 }]));
    expect([seen.length, worker.counts()[0]?.handled]).toEqual([5, 3]);
  });

  test("finds them under the names that they were stored by, and keeps its own filter", async ({ store, openWith, run }) => {
    await writeOld(store);
    // Nobody knows this type, but it is none of those that the consumer asks for: nobody looks at it.
    await store.appendToStream("cart-3", [{ type: "Unheard", data: { sku: "jam" } }]);
    const warnings: unknown[] = [];
    const logger = { debug() {}, info() {}, error() {}, warn: (...args: unknown[]) => void warnings.push(...args) };
    const today = await openWith(sampleCodec("today"), { logger });
    const seen: string[] = [];
    const filter = { types: ["ItemAdded"], data: { sku: "jam" } };
    const jam = (): ReturnType<typeof defineConsumer> => defineConsumer({ name: "jam", filter, handle: (event) => void seen.push(sayParts(event)) });
    const { worker } = await run(today, jam());
    await worker.caughtUp();
    expect(seen).toEqual([`ItemAdded 2.1 ${added("jam")}`]);
    expect((await today.consumers.get("jam")).filter).toEqual(filter);
    expect(await today.deadLetters.list()).toEqual([]);
    await worker.stop();
    // One with another catalogue looks for other types in the log: that is no other filter.
    const yesterday = await openWith(sampleCodec("yesterday"), { logger });
    const other = await run(yesterday, jam());
    await other.worker.caughtUp();
    expect(warnings).toEqual([]);
  });

  test("gets them as a shape that its code still knows", async ({ store, openWith, run }) => {
    await writeOld(store);
    const seen: string[] = [];
    const consumer = defineConsumer({
      name: "old",
      as: { ItemAdded: 1 },
      filter: { types: ["ItemAdded"] },
      handle: (event) => void seen.push(`${event.schemaVersion} ${JSON.stringify(event.data)}`),
    });
    const { worker } = await run(await openWith(sampleCodec("today")), consumer);
    await worker.caughtUp();
    expect(seen).toEqual(["tea", "jam", "rye", "oil"].map((item) => `1 {"item":"${item}"}`));
    expect(() => defineConsumer({ name: "old", as: { ItemAdded: 0 }, handle: () => {} })).toThrow("definition.as.ItemAdded");
  });

  test("gets batches with all parts of their events", async ({ store, openWith, run }) => {
    await writeOld(store);
    const today = await openWith(sampleCodec("today"));
    const batches: string[][] = [];
    const { worker } = await run(today, defineConsumer({ name: "c", batchSize: 2, handleBatch: (events) => void batches.push(events.map(sayParts)) }));
    await worker.caughtUp();
    expect(batches.flat()).toEqual(all);
    expect(batches.filter((batch) => batch.some((event) => event.includes(" 2.")))).toEqual([all.slice(0, 4)]);
  });
});

describe("the parts of one stored event", () => {
  test("are handled in one transaction: what the first ones wrote is gone when a later one fails", async ({ store, openWith, run, sql, schema }) => {
    await writeOld(store);
    await sql.query(`create table "${schema.replaceAll('"', '""')}".effects (position bigint, part int, primary key (position, part))`);
    const table = `"${schema.replaceAll('"', '""')}".effects`;
    const today = await openWith(sampleCodec("today"));
    const calls: string[] = [];
    const failed: string[] = [];
    let broken = true;
    const consumer = defineConsumer({
      name: "c",
      filter: { types: ["ItemAdded"] },
      retry: { attempts: 2, minDelayMs: 1 },
      onFailure(_error, event, attempt) {
        failed.push(`${sayParts(event)} after ${attempt}`);
        return "dead-letter";
      },
      async handle({ position, part = 0 }, context) {
        calls.push(`${position}.${part}`);
        await context.query(`insert into ${table} values ($1, $2)`, [position, part]);
        if (broken && position === 2 && part === 1) throw new Error("no jam");
      },
    });
    const { worker } = await run(today, consumer);
    await worker.caughtUp();
    expect(calls).toEqual(["2.0", "2.1", "2.0", "2.1", "4.0"]);
    expect(failed).toEqual([`ItemAdded 2.1 ${added("jam")} after 2`]);
    expect((await sql.query(`select position::int, part from ${table} order by 1, 2`)).rows).toEqual([{ position: 4, part: 0 }]);
    broken = false;
    await today.deadLetters.retry({ consumer: "c", position: 2 });
    await worker.caughtUp();
    expect((await sql.query(`select position::int, part from ${table} order by 1, 2`)).rows).toEqual([
      { position: 2, part: 0 },
      { position: 2, part: 1 },
      { position: 2, part: 2 },
      { position: 4, part: 0 },
    ]);
  });

  test("come together when a batch is tried again event by event", async ({ store, openWith, run }) => {
    await writeOld(store);
    const calls: string[][] = [];
    const consumer = defineConsumer({
      name: "c",
      retry: { attempts: 1 },
      handleBatch(events) {
        calls.push(events.map(({ position, part }) => `${position}.${part ?? "-"}`));
        if (events.some(({ part }) => part === 2)) throw new Error("no rye");
      },
    });
    const { worker } = await run(await openWith(sampleCodec("today")), consumer);
    await worker.caughtUp();
    expect(calls).toEqual([["1.-", "2.0", "2.1", "2.2", "4.-"], ["1.-"], ["2.0", "2.1", "2.2"], ["4.-"]]);
  });

  test("share the time of one call: once it is over, no further part is handed over", async ({ store, openWith, run }) => {
    await writeOld(store);
    const late = Promise.withResolvers<void>();
    const calls: string[] = [];
    const consumer = defineConsumer({
      name: "c",
      filter: { types: ["ItemAdded"] },
      retry: { attempts: 1 },
      timeoutMs: 50,
      async handle({ position, part }) {
        calls.push(`${position}.${part ?? "-"}`);
        if (part === 0) await late.promise;
      },
    });
    const { worker, errors } = await run(await openWith(sampleCodec("today")), consumer);
    await worker.caughtUp();
    expect(errors.map(({ cause }) => cause)).toMatchObject([{ code: "HANDLER_TIMEOUT", position: 2 }]);
    late.resolve();
    await worker.stop();
    expect(calls).toEqual(["2.0", "4.-"]);
  });
});

describe("an event that cannot be decoded", () => {
  const spoiled = { type: "ItemSpoiled", data: {} };

  test("is not tried again: it is a dead letter at once, and its stream waits behind it", async ({ store, openWith, run }) => {
    await store.appendToStream("cart-1", [spoiled, { type: "CartTouched", data: {} }, { type: "ItemAdded", data: { item: "oil" } }]);
    await store.appendToStream("cart-2", [{ type: "ItemAdded", data: { item: "tea" } }]);
    const seen: string[] = [];
    const consumer = defineConsumer({ name: "c", retry: { attempts: 1_000, minDelayMs: 60_000 }, handle: (event) => void seen.push(sayParts(event)) });
    const { worker, errors } = await run(await openWith(sampleCodec("today")), consumer);
    await worker.caughtUp();
    expect(seen).toEqual([`ItemAdded 4 ${added("tea")}`]);
    expect(errors.map(({ message }) => message)).toEqual([
      'Shard 0 of "c" could not handle the event at position 1: the step from 1 to 2 failed. It was not tried again: it cannot be decoded until the code changes. It is a dead letter now.',
    ]);
    // What became nothing does not wait for anything.
    expect((await store.deadLetters.list()).map(({ position, state, attempts }) => [position, state, attempts])).toEqual([
      [1, "failed", 1],
      [3, "parked", 0],
    ]);
    expect(worker.counts()).toMatchObject([{ handled: 1, retried: 0, parked: 2 }]);
  });

  test("is asked about as it is stored, and is skipped, kept or stopped at as its consumer says", async ({ store, openWith, run }) => {
    const [oil, rye] = ["oil", "rye"].map((item) => ({ type: "ItemAdded", data: { item } }));
    await store.appendToStream(
      "cart-1",
      [oil, spoiled, rye].filter((event) => event !== undefined),
    );
    const today = await openWith(sampleCodec("today"));
    const asked: unknown[] = [];
    const seen: string[] = [];
    const skipping = defineConsumer({
      name: "skipping",
      onFailure(error, { type, data, schemaVersion }, attempt) {
        asked.push([error instanceof RangeError, type, data, schemaVersion, attempt]);
        return "skip";
      },
      handleBatch: (events) => void seen.push(...events.map(sayParts)),
    });
    const one = await run(today, skipping);
    await one.worker.caughtUp();
    expect([asked, seen]).toEqual([[[true, "ItemSpoiled", {}, 1, 1]], [`ItemAdded 1 ${added("oil")}`, `ItemAdded 3 ${added("rye")}`]]);
    expect(await today.deadLetters.list()).toMatchObject([{ state: "skipped", position: 2 }]);
    const stopping = await run(today, defineConsumer({ name: "stopping", onFailure: "stop", handle: () => {} }));
    await expect(stopping.worker.caughtUp()).rejects.toThrow(/not tried again: .* The shard stops here until you call store\.consumers\.resume/);
    expect((await today.consumers.get("stopping")).shards).toMatchObject([{ position: 1, failingEvent: { position: 2 }, attempt: 1 }]);
  });

  test("is handled once the catalogue was mended: at the next start where its consumer stopped, at a retry where it gave up", async ({
    store,
    openWith,
    run,
  }) => {
    await store.appendToStream("cart-1", [spoiled, { type: "ItemAdded", data: { item: "oil" } }]);
    const today = await openWith(sampleCodec("today"));
    const seen: string[] = [];
    const stopping = (): ReturnType<typeof defineConsumer> =>
      defineConsumer({ name: "stopping", onFailure: "stop", handle: (event) => void seen.push(`stopping ${event.type}`) });
    const parking = (): ReturnType<typeof defineConsumer> => defineConsumer({ name: "parking", handle: (event) => void seen.push(`parking ${event.type}`) });
    const [stopped, parked] = [await run(today, stopping()), await run(today, parking())];
    await expect(stopped.worker.caughtUp()).rejects.toMatchObject({ code: "HANDLER_FAILED" });
    await parked.worker.caughtUp();
    // Asked to try again, the same code fails the same way, once.
    await today.deadLetters.retry({ consumer: "parking", position: 1 });
    await parked.worker.caughtUp();
    expect(await today.deadLetters.get({ consumer: "parking", position: 1 })).toMatchObject({ attempts: 2, state: "failed" });
    expect(parked.errors.map(({ message }) => message.replace(/.*code changes\. /, ""))).toEqual(["It is a dead letter now.", "It stays a dead letter."]);
    await Promise.all([stopped.worker.stop(), parked.worker.stop()]);
    expect(seen).toEqual([]);
    const mended = await openWith(sampleCodec("yesterday"));
    const [started, retried] = [await run(mended, stopping()), await run(mended, parking())];
    await mended.deadLetters.retry({ consumer: "parking", position: 1 });
    await Promise.all([started.worker.caughtUp(), retried.worker.caughtUp()]);
    expect(seen.toSorted()).toEqual(["parking ItemAdded", "parking ItemSpoiled", "stopping ItemAdded", "stopping ItemSpoiled"]);
    expect(await mended.deadLetters.list()).toEqual([]);
  });

  test("of an unknown type is treated the same, and skipped or passed on where the store says so", async ({ store, openWith, run }) => {
    await store.appendToStream("cart-1", [{ type: "Unheard", data: { of: 1 } }]);
    const seen: string[] = [];
    for (const unknownEvents of ["error", "skip", "pass"] as const) {
      const consumer = defineConsumer({ name: unknownEvents, handle: (event) => void seen.push(`${unknownEvents} ${event.type}`) });
      const { worker } = await run(await openWith(sampleCodec("today", unknownEvents)), consumer);
      await worker.caughtUp();
    }
    expect(seen).toEqual(["pass Unheard"]);
    expect((await store.deadLetters.list()).map(({ consumer, error }) => `${consumer}: ${error?.message}`)).toEqual([
      "error: unknown event type Unheard in version 1",
    ]);
  });
});
