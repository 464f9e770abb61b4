import pg from "pg";
import { defineConsumer, type RecordedEvent } from "tidemark";
import { confirmed, itemAdded } from "../support/cart.ts";
import { describe, eventually, expect, test } from "../runtime/test.ts";

/** A consumer that writes an effect of each event, and fails at those that `broken` names. */
function picky(broken: Set<string>, seen: string[]): ReturnType<typeof defineConsumer> {
  return defineConsumer({
    name: "picky",
    retry: { attempts: 1 },
    circuitBreaker: false,
    async handle({ streamId, version }: RecordedEvent, context) {
      await context.query("select 1");
      if (broken.has(`${streamId} ${version}`)) throw new Error("not now");
      seen.push(`${streamId} ${version}`);
    },
  });
}

describe("a stream with a dead letter", () => {
  test("has its later events parked behind it, which follow in order once it was handled", async ({ application, store, start }) => {
    const broken = new Set(["cart-1 1"]);
    const seen: string[] = [];
    await application.appendToStream("cart-1", [itemAdded(), itemAdded(), confirmed]);
    await application.appendToStream("cart-2", [itemAdded()]);
    const { worker } = await start(picky(broken, seen));
    await worker.caughtUp();
    expect(seen).toEqual(["cart-2 1"]);
    const letters = await store.deadLetters.list({ consumer: "picky" });
    expect(letters.map(({ event, state }) => `${event.version} ${state}`)).toEqual(["1 failed", "2 parked", "3 parked"]);
    const [first, , last] = letters;
    if (!first || !last) throw new Error("missing");
    // It fails again: it stays, and so do those behind it.
    await store.deadLetters.retry(first);
    await eventually(async () => expect(await store.deadLetters.get(first)).toMatchObject({ attempts: 2, retryRequested: false, state: "failed" }));
    expect(await store.deadLetters.list()).toHaveLength(3);
    broken.clear();
    // A stream's letters go in order, whichever was named.
    await store.deadLetters.retry({ consumer: "picky", eventId: last.eventId });
    await eventually(async () => expect(await store.deadLetters.list()).toEqual([]));
    expect(seen).toEqual(["cart-2 1", "cart-1 1", "cart-1 2", "cart-1 3"]);
    await application.appendToStream("cart-1", [itemAdded()]);
    await worker.caughtUp();
    expect(seen.at(-1)).toBe("cart-1 4");
  });

  test("is free again when the letter is discarded: those behind it are handled", async ({ application, store, start }) => {
    const seen: string[] = [];
    await application.appendToStream("cart-1", [itemAdded(), itemAdded()]);
    const { worker } = await start(picky(new Set(["cart-1 1"]), seen));
    await worker.caughtUp();
    const [first] = await store.deadLetters.list({ state: "failed" });
    if (!first) throw new Error("missing");
    await store.deadLetters.discard(first);
    await eventually(async () => expect(await store.deadLetters.list()).toEqual([]));
    expect(seen).toEqual(["cart-1 2"]);
    await expect(store.deadLetters.discard(first)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(store.deadLetters.retry(first)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("leaves a history of what became of its letters, the last thousand of them", async ({ application, store, start, sql, schema }) => {
    const q = pg.escapeIdentifier(schema);
    const broken = new Set(["cart-1 1", "cart-2 1", "cart-3 1"]);
    const seen: string[] = [];
    for (const streamId of ["cart-1", "cart-2", "cart-3"]) await application.appendToStream(streamId, [itemAdded()]);
    const { worker } = await start(picky(broken, seen));
    await worker.caughtUp();
    const [first, second] = await store.deadLetters.list();
    if (!first || !second) throw new Error("missing");
    expect(await store.deadLetters.history()).toEqual([]);
    broken.delete("cart-1 1");
    await store.deadLetters.retry(first);
    await eventually(async () => expect(await store.deadLetters.list()).toHaveLength(2));
    await store.deadLetters.discard(second);
    await store.consumers.reset("picky", { after: second.position });
    const history = await store.deadLetters.history({ consumer: "picky" });
    expect(history.map(({ streamId, outcome, attempts, error }) => [streamId, outcome, attempts, error?.message])).toEqual([
      ["cart-3", "reset", 1, "not now"],
      ["cart-2", "discarded", 1, "not now"],
      ["cart-1", "handled", 1, "not now"],
    ]);
    expect(history[2]).toMatchObject({ position: first.position, eventId: first.eventId, type: "ItemAdded", parkedAt: first.parkedAt });
    expect(await store.deadLetters.history({ limit: 1 })).toHaveLength(1);
    expect(await store.deadLetters.history({ consumer: "other" })).toEqual([]);
    await worker.caughtUp();
    await worker.stop();
    await sql.query(`insert into ${q}.dead_letter_history (consumer, position, stream_id, event_id, outcome, attempts, parked_at)
      select 'picky', 1, 1, gen_random_uuid(), 'handled', 1, now() from generate_series(1, 1500)`);
    await store.deadLetters.discard({ consumer: "picky", position: second.position + 1 });
    const { rows } = await sql.query(`select count(*)::int as n from ${q}.dead_letter_history`);
    expect(rows).toEqual([{ n: 1_000 }]);
  });

  test("is known to the next worker", async ({ application, store, start }) => {
    const broken = new Set(["cart-1 1"]);
    const seen: string[] = [];
    await application.appendToStream("cart-1", [itemAdded()]);
    const before = await start(picky(broken, seen));
    await before.worker.caughtUp();
    await before.worker.stop();
    broken.clear();
    await application.appendToStream("cart-1", [itemAdded()]);
    const { worker } = await start(picky(broken, seen));
    await worker.caughtUp();
    expect(seen).toEqual([]);
    expect(await store.deadLetters.list()).toMatchObject([{ state: "failed" }, { state: "parked", error: undefined }]);
  });

  test("keeps what was asked to be retried until a worker runs, and lists page by page", async ({ application, store, start }) => {
    const broken = new Set(["cart-1 1", "cart-2 1", "cart-3 1"]);
    const seen: string[] = [];
    for (const stream of ["cart-1", "cart-2", "cart-3"]) await application.appendToStream(stream, [itemAdded()]);
    const before = await start(picky(broken, seen));
    await before.worker.caughtUp();
    await before.worker.stop();
    const [one] = await store.deadLetters.list({ limit: 1 });
    expect(await store.deadLetters.list({ consumer: "picky", after: one?.position ?? 0 })).toHaveLength(2);
    if (!one) throw new Error("missing");
    await store.deadLetters.retry(one);
    broken.clear();
    await start(picky(broken, seen));
    await eventually(() => expect(seen).toEqual(["cart-1 1"]));
    await eventually(async () => expect(await store.deadLetters.list()).toHaveLength(2));
  });
});

test("a letter whose event the filter no longer wants is settled without a call, and so are those behind it", async ({ application, store, start }) => {
  const seen: string[] = [];
  const handle = ({ type, version }: RecordedEvent): void => {
    seen.push(`${type} ${version}`);
    if (version === 1) throw new Error("not now");
  };
  const before = await start(defineConsumer({ name: "c", retry: { attempts: 1 }, handle }));
  await application.appendToStream("cart-1", [itemAdded(), itemAdded(), confirmed]);
  await before.worker.caughtUp();
  await before.worker.stop();
  expect(seen).toEqual(["ItemAdded 1"]);
  const { worker } = await start(defineConsumer({ name: "c", filter: { types: ["CartConfirmed"] }, retry: { attempts: 1 }, handle }));
  const [first] = await store.deadLetters.list({ consumer: "c" });
  if (!first) throw new Error("missing");
  await store.deadLetters.retry(first);
  await worker.caughtUp();
  expect(seen).toEqual(["ItemAdded 1", "CartConfirmed 3"]);
  expect(await store.deadLetters.list()).toEqual([]);
  expect((await store.deadLetters.history()).map(({ type, outcome }) => `${type} ${outcome}`)).toEqual([
    "CartConfirmed handled",
    "ItemAdded handled",
    "ItemAdded handled",
  ]);
});

test("a key of a dead letter says what it needs", async ({ store }) => {
  // @ts-expect-error -- neither position nor eventId
  await expect(store.deadLetters.get({ consumer: "x" })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  await expect(store.deadLetters.get({ consumer: "x", position: 1 })).rejects.toMatchObject({ code: "NOT_FOUND", kind: "dead letter" });
  // @ts-expect-error -- a typing error
  await expect(store.deadLetters.list({ statee: "failed" })).rejects.toThrow('did you mean "state"');
});
