import { defineConsumer, type RecordedEvent } from "tidemark";
import { confirmed, itemAdded } from "../support/cart.ts";
import { describe, eventually, expect, gate, test } from "./test.ts";

const once = { attempts: 1 } as const;

describe("an event that fails", () => {
  test("is tried as often as the consumer says, then is a dead letter, and the rest goes on", async ({ store, start }) => {
    const { position } = await store.appendToStream("cart-1", [confirmed]);
    await store.appendToStream("cart-2", [itemAdded()]);
    const attempts: number[] = [];
    const seen: string[] = [];
    const { worker, errors } = await start(
      defineConsumer({
        name: "mailer",
        retry: { attempts: 3, minDelayMs: 1, maxDelayMs: 2 },
        handle({ type, streamId }, { attempt }) {
          if (type !== "CartConfirmed") return void seen.push(streamId);
          attempts.push(attempt);
          throw new TypeError("no such customer");
        },
      }),
    );
    await worker.caughtUp();
    expect(attempts).toEqual([1, 2, 3]);
    expect(seen).toEqual(["cart-2"]);
    expect(errors).toMatchObject([{ code: "HANDLER_FAILED", cause: { message: "no such customer" } }]);
    expect(await store.deadLetters.list({ consumer: "mailer" })).toEqual([
      {
        consumer: "mailer",
        kind: "consumer",
        position,
        eventId: expect.any(String),
        state: "failed",
        retryRequested: false,
        attempts: 3,
        error: { code: undefined, message: "no such customer", stack: expect.stringContaining("TypeError: no such customer") },
        parkedAt: expect.any(Date),
        event: expect.objectContaining({ type: "CartConfirmed", streamId: "cart-1" }),
      },
    ]);
    await eventually(async () => expect(await store.consumers.get("mailer")).toMatchObject({ deadLetters: 1, state: "live" }));
  });

  test.for<{ readonly name: string; readonly fail: () => Promise<void> | void; readonly message: string }>([
    { name: "a string", fail: () => Promise.reject("just text"), message: "just text" },
    { name: "nothing", fail: () => Promise.reject(), message: "undefined" },
    { name: "an error with a NUL and half a surrogate pair", fail: () => Promise.reject(new Error("a\u0000b\ud800")), message: "a\ufffdb\ufffd" },
    {
      name: "an error that cannot be read",
      fail: () =>
        Promise.reject(
          Object.defineProperty(new Error(), "message", {
            get() {
              throw new Error("trap");
            },
          }),
        ),
      message: "an error that could not be read",
    },
  ])("is a dead letter when the handler throws $name", async ({ fail, message }, { store, start }) => {
    await store.appendToStream("cart-1", [itemAdded()]);
    const { worker } = await start(defineConsumer({ name: "c", retry: once, handle: () => fail() }));
    await worker.caughtUp();
    expect(await store.deadLetters.list()).toMatchObject([{ error: { message } }]);
  });

  test("is skipped with a record, where nothing waits behind it", async ({ store, start }) => {
    const { position } = await store.appendToStream("cart-1", [confirmed, itemAdded()]);
    const seen: number[] = [];
    const skipping = defineConsumer({
      name: "c",
      retry: once,
      onFailure: (error, event, attempt) => (error instanceof RangeError && event.version === 1 && attempt === 1 ? "skip" : "stop"),
      handle(event) {
        if (event.version === 1) throw new RangeError("odd");
        seen.push(event.position);
      },
    });
    const { worker } = await start(skipping);
    await worker.caughtUp();
    expect(seen).toEqual([position]);
    expect(await store.deadLetters.list()).toMatchObject([{ state: "skipped", position: position - 1 }]);
  });

  test("is tried beyond its attempts as long as onFailure says retry", async ({ store, start }) => {
    await store.appendToStream("cart-1", [itemAdded()]);
    const asked: number[] = [];
    const { worker } = await start(
      defineConsumer({
        name: "c",
        retry: { attempts: 2, minDelayMs: 1 },
        onFailure: (_error, _event, attempt) => {
          asked.push(attempt);
          return attempt < 4 ? "retry" : "skip";
        },
        handle() {
          throw new Error("no");
        },
      }),
    );
    await worker.caughtUp();
    expect(asked).toEqual([2, 3, 4]);
  });

  test("stops its shard alone, which stands still until it is resumed", async ({ store, start }) => {
    let broken = true;
    const seen: RecordedEvent[] = [];
    const names = Array.from({ length: 8 }, (_, n) => `cart-${n}`);
    for (const name of names) await store.appendToStream(name, [name === "cart-3" ? confirmed : itemAdded()]);
    const { errors } = await start(
      defineConsumer({
        name: "c",
        shards: 2,
        retry: once,
        onFailure: "stop",
        handle(event) {
          if (event.type === "CartConfirmed" && broken) throw new Error("down");
          seen.push(event);
        },
      }),
    );
    await eventually(async () => expect((await store.consumers.get("c")).shards.map(({ state }) => state).toSorted()).toEqual(["failed", "live"]));
    const info = await store.consumers.get("c");
    expect(info.state).toBe("failed");
    const failed = info.shards.find(({ state }) => state === "failed");
    expect(failed).toMatchObject({ lastError: { message: "down" }, failingEvent: { streamId: "cart-3" }, attempt: 1 });
    expect(errors).toHaveLength(1);
    broken = false;
    await store.consumers.resume("c");
    await eventually(() => expect(seen.map(({ streamId }) => streamId).toSorted()).toEqual(names));
    await eventually(async () => expect(await store.consumers.get("c")).toMatchObject({ state: "live", lag: { events: 0 } }));
  });

  test("in a batch brings its neighbours no harm: the batch is handled again one by one", async ({ store, start, effects }) => {
    const { position } = await store.appendToStream("cart-1", [itemAdded()]);
    await store.appendToStream("cart-2", [confirmed]);
    await store.appendToStream("cart-3", [itemAdded()]);
    const calls: number[] = [];
    const { worker } = await start(
      defineConsumer({
        name: "b",
        retry: once,
        async handleBatch(events, context) {
          calls.push(events.length);
          for (const event of events) {
            await effects.write(event, context);
            if (event.type === "CartConfirmed") throw new Error("no");
          }
        },
      }),
    );
    await worker.caughtUp();
    expect(calls).toEqual([3, 1, 1, 1]);
    expect(await effects.positions()).toEqual([position, position + 2]);
    expect(await store.deadLetters.list()).toMatchObject([{ position: position + 1 }]);
  });
});

describe("a shard where one event after the other fails", () => {
  test("holds the next one rather than park the log, and goes on by itself when it succeeds", async ({ store, start }) => {
    for (let n = 0; n < 6; n++) await store.appendToStream(`cart-${n}`, [itemAdded()]);
    let broken = true;
    const tried: string[] = [];
    const { worker, errors } = await start(
      defineConsumer({
        name: "c",
        retry: once,
        circuitBreaker: { failures: 2, resetMs: 30 },
        handle({ streamId }) {
          tried.push(streamId);
          if (tried.length === 6) broken = false;
          if (broken) throw new Error("the world is down");
        },
      }),
    );
    await worker.caughtUp();
    expect(tried).toEqual(["cart-0", "cart-1", "cart-2", "cart-2", "cart-2", "cart-2", "cart-3", "cart-4", "cart-5"]);
    expect((await store.deadLetters.list()).map(({ event }) => event.streamId)).toEqual(["cart-0", "cart-1"]);
    expect(errors.at(-1)?.message).toContain("held");
  });
});

describe("a dead letter that cannot be written", () => {
  test("leaves the checkpoint where it is", async ({ store, sql, schema, start }) => {
    const { position } = await store.appendToStream("cart-1", [itemAdded(), confirmed]);
    const letters = `"${schema.replaceAll('"', '""')}".dead_letters`;
    await sql.query(`alter table ${letters} add constraint full_disk check (position < 0) not valid`);
    const failing = gate();
    const { worker, errors } = await start(
      defineConsumer({
        name: "c",
        retry: once,
        handle({ type }) {
          if (type === "CartConfirmed") throw new Error("no");
        },
      }),
    );
    failing.open();
    await eventually(async () => expect(await store.consumers.get("c")).toMatchObject({ state: "retrying" }));
    expect(await store.consumers.get("c")).toMatchObject({ shards: [{ position: position - 1 }], deadLetters: 0 });
    expect(errors).toMatchObject([{ code: "DATABASE", sqlState: "23514" }]);
    await sql.query(`alter table ${letters} drop constraint full_disk`);
    await worker.caughtUp();
    expect(await store.consumers.get("c")).toMatchObject({ shards: [{ position }], deadLetters: 1 });
  });
});
