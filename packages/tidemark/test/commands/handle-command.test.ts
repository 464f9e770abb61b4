import type pg from "pg";
import { type AppendOptions, type EventReaderWriter, handleCommand, VersionConflictError } from "../../src/index.ts";
import { describe, expect, test } from "../support/test.ts";
import { add, cart, CartClosedError, type CartEvent, confirm, interrupted } from "./cart.ts";

const tea: CartEvent = { type: "ItemAdded", data: { sku: "tea" } };
const never = new Error("must not happen");

describe("a command", () => {
  test("is decided on the state of its stream, and gives back its events as they were stored", async ({ store }) => {
    await store.appendToStream("cart-1", [tea]);
    const result = await handleCommand(store, cart, "cart-1", add("mug"), { metadata: { actorId: "ada" } });
    expect(result).toEqual({
      state: { items: ["tea", "mug"], confirmed: false },
      version: 2,
      position: result.events[0]?.position,
      events: await store.readStream("cart-1", { fromVersion: 2 }).toArray(),
      attempts: 1,
    });
    expect(result.events).toMatchObject([{ data: { sku: "mug" }, metadata: { actorId: "ada" }, version: 2 }]);
  });

  test("of several is decided on what the ones before it left, and all are appended together", async ({ store }) => {
    const { events, state } = await handleCommand(store, cart, "cart-1", [add("tea"), add("tea"), add("mug"), confirm]);
    expect(events.map(({ type, version }) => [type, version])).toEqual([
      ["ItemAdded", 1],
      ["ItemAdded", 2],
      ["CartConfirmed", 3],
    ]);
    expect(events[2]?.data).toEqual({ items: 2 });
    expect(state.confirmed).toBe(true);
    await expect(handleCommand(store, cart, "cart-2", [add("tea"), confirm, add("mug")])).rejects.toThrow(CartClosedError);
    expect((await store.streamInfo("cart-2")).exists).toBe(false);
  });

  test("that decides nothing writes nothing", async ({ store }) => {
    await store.appendToStream("cart-1", [tea]);
    expect(await handleCommand(store, cart, "cart-1", add("tea"))).toEqual({
      state: { items: ["tea"], confirmed: false },
      version: 1,
      position: undefined,
      events: [],
      attempts: 1,
    });
    expect(await handleCommand(store, cart, "cart-1", [])).toMatchObject({ version: 1, events: [] });
    expect(await handleCommand(store, { ...cart, decide: () => [] }, "absent", confirm)).toMatchObject({ version: 0, position: undefined });
    expect((await store.streamInfo("cart-1")).version).toBe(1);
  });

  for (const thrown of [
    new CartClosedError("closed"),
    "a text",
    undefined,
    new TypeError("a bug"),
    new VersionConflictError([{ streamId: "x", expected: 1, actual: 2 }]),
  ]) {
    test(`that throws ${thrown instanceof Error ? thrown.constructor.name : String(thrown)} is not tried again, and its error passes through`, async ({
      store,
    }) => {
      let decisions = 0;
      const throwing = interrupted(() => {
        decisions++;
        // oxlint-disable-next-line typescript/only-throw-error -- a user may throw anything
        throw thrown;
      });
      const outcome = await handleCommand(store, throwing, "cart-1", confirm).then(
        () => never,
        (error: unknown) => error,
      );
      expect(outcome).toBe(thrown);
      expect(decisions).toBe(1);
    });
  }
});

describe("a conflict", () => {
  test("is decided again on the new state", async ({ store }) => {
    const racing = interrupted((decision) =>
      decision <= 2 ? store.appendToStream("cart-1", [{ type: "ItemAdded", data: { sku: `other-${decision}` } }]) : undefined,
    );
    const result = await handleCommand(store, racing, "cart-1", [confirm]);
    expect(result).toMatchObject({ attempts: 3, version: 3, events: [{ data: { items: 2 } }] });
  });

  test("of the last attempt reaches the caller, and nothing is written", async ({ store }) => {
    const losing = (attempts: { attempts: number } | false): Promise<unknown> => {
      const always = interrupted(() => store.appendToStream("cart-1", [tea]));
      return handleCommand(store, always, "cart-1", confirm, { retry: attempts });
    };
    await expect(losing({ attempts: 3 })).rejects.toMatchObject({ code: "VERSION_CONFLICT", streamId: "cart-1", expected: 2, actual: 3 });
    await expect(losing(false)).rejects.toMatchObject({ code: "VERSION_CONFLICT", expected: 3, actual: 4 });
    expect(await store.readAll({ filter: { types: ["CartConfirmed"] } }).toArray()).toEqual([]);
  });

  test("costs no command of a hundred at once its place", async ({ store }) => {
    const skus = Array.from({ length: 100 }, (_, n) => `sku-${n}`);
    const results = await Promise.all(skus.map((sku) => handleCommand(store, cart, "cart-1", add(sku))));
    expect(results.some(({ attempts }) => attempts > 1)).toBe(true);
    expect(results.map(({ version }) => version).toSorted((a, b) => a - b)).toEqual(skus.map((_, n) => n + 1));
    const { state } = await handleCommand(store, cart, "cart-1", []);
    expect([...state.items].sort()).toEqual([...skus].sort());
  });

  test("of a command that waits for another one on its stream holds neither up for ever", async ({ store }) => {
    const racing = (sku: string): ReturnType<typeof interrupted> =>
      interrupted((decision) => (decision === 1 ? store.appendToStream("cart-1", [{ type: "ItemAdded", data: { sku } }]) : undefined));
    const nesting = interrupted(async (decision) => {
      if (decision === 1) await store.appendToStream("cart-1", [tea]);
      if (decision === 2) await handleCommand(store, racing("mug"), "cart-1", add("jam"));
    });
    expect(await handleCommand(store, nesting, "cart-1", confirm)).toMatchObject({ attempts: 3, events: [{ data: { items: 3 } }] });
  });
});

describe("a command in a transaction", () => {
  test("commits and rolls back with it", async ({ store }) => {
    const mine = new Error("mine");
    const failing = store.transaction(async (tx) => {
      const { version, events } = await handleCommand(tx, cart, "cart-1", [add("tea"), confirm]);
      expect([version, events.length]).toEqual([2, 2]);
      throw mine;
    });
    await expect(failing).rejects.toBe(mine);
    expect((await store.streamInfo("cart-1")).exists).toBe(false);
    await store.transaction((tx) => handleCommand(tx, cart, "cart-1", add("tea")));
    expect((await store.streamInfo("cart-1")).version).toBe(1);
  });

  test("that lost is decided again under the lock that it holds, and passes", async ({ store }) => {
    const racing = interrupted((decision) => (decision === 1 ? store.appendToStream("cart-1", [tea]) : undefined));
    const { attempts, events } = await store.transaction((tx) => handleCommand(tx, racing, "cart-1", confirm));
    expect(attempts).toBe(2);
    expect(events).toMatchObject([{ version: 2, data: { items: 1 } }]);
  });

  test("under REPEATABLE READ cannot see what came between, and says so", async ({ store, sql }) => {
    await store.appendToStream("cart-1", [tea]);
    const client: pg.PoolClient = await sql.connect();
    try {
      await client.query("begin isolation level repeatable read");
      const racing = interrupted(() => store.appendToStream("cart-1", [tea]));
      await expect(handleCommand(store.withTransaction(client), racing, "cart-1", confirm)).rejects.toMatchObject({ code: "SERIALIZATION_FAILURE" });
    } finally {
      await client.query("rollback");
      client.release();
    }
  });
});

describe("a command's signal", () => {
  const reason = new Error("enough");

  test("ends it before it reads and between decision and append, and nothing is written", async ({ store }) => {
    await expect(handleCommand(store, cart, "cart-1", confirm, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const aborting = interrupted(() => controller.abort(reason));
    await expect(handleCommand(store, aborting, "cart-1", confirm, { signal: controller.signal })).rejects.toBe(reason);
    expect((await store.streamInfo("cart-1")).exists).toBe(false);
  });

  test("ends it between two attempts", async ({ store }) => {
    const controller = new AbortController();
    const losing = interrupted(async (decision) => {
      await store.appendToStream("cart-1", [tea]);
      if (decision === 2) queueMicrotask(() => controller.abort(reason));
    });
    const outcome = handleCommand(store, losing, "cart-1", confirm, { signal: controller.signal, retry: { attempts: 1000 } });
    await expect(outcome).rejects.toBe(reason);
  });

  test("does not hide what was written", async ({ store }) => {
    const controller = new AbortController();
    const tooLate: EventReaderWriter = new Proxy(store, {
      get(target, key) {
        if (key !== "appendToStream") return Reflect.get(target, key).bind(target);
        return async (...args: Parameters<typeof store.appendToStream>) => {
          const result = await target.appendToStream(...args);
          controller.abort(reason);
          return result;
        };
      },
    });
    expect(await handleCommand(tooLate, cart, "cart-1", confirm, { signal: controller.signal })).toMatchObject({ version: 1 });
  });
});

test("events that were written and cannot be read back are an unknown outcome that must not be repeated without an id", async ({ store }) => {
  const blind: EventReaderWriter = new Proxy(store, {
    get(target, key) {
      if (key === "readStream") return () => ({ toArray: () => Promise.reject(never) });
      // What an append tells besides its result it tells through its options as they were given.
      if (key === "appendToStream")
        return (streamId: string, events: readonly CartEvent[], { expectedVersion = "any" }: AppendOptions) =>
          target.appendToStream(streamId, events, { expectedVersion });
      return Reflect.get(target, key).bind(target);
    },
  });
  await expect(handleCommand(blind, cart, "cart-1", confirm)).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN", retryable: false, cause: never });
  const withId = handleCommand(blind, cart, "cart-2", confirm, { commandId: "once" });
  await expect(withId).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN", retryable: true });
  expect(await handleCommand(store, cart, "cart-2", confirm, { commandId: "once" })).toMatchObject({ version: 1 });
});

test("arguments that are none are refused before anything is read", async ({ store }) => {
  // @ts-expect-error -- no decide
  await expect(handleCommand(store, { ...cart, decide: undefined }, "cart-1", confirm)).rejects.toMatchObject({ path: "decider.decide" });
  // @ts-expect-error -- a misspelt key
  await expect(handleCommand(store, { ...cart, initalState: () => 0 }, "cart-1", confirm)).rejects.toMatchObject({ path: "decider.initalState" });
  // @ts-expect-error -- swapped arguments
  const swapped = handleCommand(cart, store, "cart-1", confirm);
  await expect(swapped).rejects.toThrow("decider must be a decider, but is a store. The store comes first: handleCommand(store, decider, streamId, command)");
  for (const several of [{ reads: ["cart-1"] }, { query: [] }])
    await expect(handleCommand(store, { ...cart, ...several }, "cart-1", confirm)).rejects.toThrow("pass it to executeCommand(store, decider, command)");
  await expect(handleCommand(store, cart, "", confirm)).rejects.toMatchObject({ path: "streamId" });
  await expect(handleCommand(store, cart, "cart-1", confirm, { retry: { attempts: 0 } })).rejects.toMatchObject({ path: "options.retry.attempts" });
  await expect(handleCommand(store, cart, "cart-1", confirm, { commandId: "" })).rejects.toMatchObject({ path: "options.commandId" });
  // @ts-expect-error -- no plain object
  await expect(handleCommand(store, cart, "cart-1", confirm, { metadata: new Map() })).rejects.toMatchObject({ path: "options.metadata" });
  // @ts-expect-error -- an event instead of a list of them
  await expect(handleCommand(store, { ...cart, decide: () => tea }, "cart-1", confirm)).rejects.toMatchObject({ path: "decide" });
});
