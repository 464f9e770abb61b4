import type { EventStore } from "tidemark";
import { studio, type Studio } from "@tidemark/studio";
import { onTestFinished, vi } from "vitest";
import type { ProblemReport } from "../src/wire/reports.ts";
import type { TailMessage } from "../src/wire/tail.ts";
import { TailTab } from "../src/server/events/tail-tab.ts";
import { describe, eventually, expect, test } from "../../tidemark/test/support/test.ts";
import { get } from "./support.ts";

/** A tab that looks at the tail, and what it has got. */
interface Tab {
  readonly positions: number[];
  readonly skipped: () => number;
  /** Why nothing more comes. */
  readonly problems: ProblemReport[];
  leave(): void;
}

async function look(panel: Studio, query = ""): Promise<Tab> {
  const left = new AbortController();
  const response = await get(panel, `/api/tail?${query}`, {}, { signal: left.signal });
  if (!response.ok || !response.body) throw new Error(`it answered ${response.status}`);
  const positions: number[] = [];
  const problems: ProblemReport[] = [];
  let skipped = 0;
  const read = async (body: ReadableStream<Uint8Array>): Promise<void> => {
    const decoder = new TextDecoder();
    let text = "";
    for await (const part of body) {
      text += decoder.decode(part, { stream: true });
      const messages = text.split("\n\n");
      text = messages.pop() ?? "";
      for (const message of messages) {
        const { events, skipped: more, problem }: TailMessage = JSON.parse(message.slice("data: ".length));
        if (problem) problems.push(problem);
        positions.push(...events.map(({ position }) => position));
        skipped += more;
      }
    }
  };
  void read(response.body).catch(() => {});
  return { positions, problems, skipped: () => skipped, leave: () => left.abort() };
}

async function append(store: EventStore, streamId: string, type: string, times = 1): Promise<void> {
  await store.appendToStream(
    streamId,
    Array.from({ length: times }, () => ({ type, data: {} })),
  );
}

const last = async (store: EventStore): Promise<number> => (await store.readAll({ direction: "backward", limit: 1 }).toArray())[0]?.position ?? 0;

/** Has the next subscription that was not told to yet fail at that time. */
function failOnce(store: EventStore, at: Promise<void>, cause: Error): void {
  const subscribe = store.subscribe.bind(store);
  const subscribed = vi.isMockFunction(store.subscribe) ? vi.mocked(store.subscribe) : vi.spyOn(store, "subscribe");
  subscribed.mockImplementationOnce((options) => {
    const subscription = subscribe(options);
    vi.spyOn(subscription, "batches").mockImplementation(() => failingAt(at, cause));
    return subscription;
  });
}

async function* failingAt(at: Promise<void>, cause: Error): AsyncGenerator<never, void, undefined> {
  yield await at.then(() => Promise.reject(cause));
}

describe("the live tail", () => {
  test("of a hundred tabs is one subscription, which ends with the last of them", async ({ store, schema }) => {
    await append(store, "cart-1", "Opened");
    const subscribe = vi.spyOn(store, "subscribe");
    const read = vi.spyOn(store, "readAll");
    const panel = studio(store, { schema });
    const tabs = await Promise.all(Array.from({ length: 100 }, () => look(panel)));
    await append(store, "cart-1", "ItemAdded", 20);
    // The first asks alone, and all others together.
    expect(read.mock.calls.length).toBeLessThanOrEqual(2);
    const all = (await store.readAll().toArray()).map(({ position }) => position);
    await eventually(() => expect(tabs.map(({ positions }) => positions)).toEqual(tabs.map(() => all)));
    expect(subscribe).toHaveBeenCalledTimes(1);
    const signal = subscribe.mock.calls[0]?.[0]?.signal;
    for (const { leave } of tabs.slice(1)) leave();
    await append(store, "cart-1", "ItemAdded");
    const end = await last(store);
    await eventually(() => expect(tabs[0]?.positions.at(-1)).toBe(end));
    expect(signal?.aborted).toBe(false);
    tabs[0]?.leave();
    await eventually(() => expect(signal?.aborted).toBe(true));
    const again = await look(panel);
    await append(store, "cart-1", "ItemAdded");
    const latest = await last(store);
    await eventually(() => expect(again.positions.at(-1)).toBe(latest));
    expect(subscribe).toHaveBeenCalledTimes(2);
    again.leave();
  });

  test("has what the tab asks for, from the log before and from then on", async ({ store, schema }) => {
    const panel = studio(store, { schema });
    const write = async (): Promise<void> => {
      await append(store, "cart-1", "Opened");
      await append(store, "cart-2", "Closed");
      await append(store, "order-1", "Opened");
    };
    await write();
    const tabs = await Promise.all(
      ["types=Opened", "types=Opened,Closed&category=cart", "prefix=cart-2", "category=absent"].map((query) => look(panel, query)),
    );
    await write();
    const [a, b, c, d, e, f] = (await store.readAll().toArray()).map(({ position }) => position);
    await eventually(() => expect(tabs.map(({ positions }) => positions)).toEqual([[a, c, d, f], [a, b, d, e], [b, e], []]));
    for (const { leave } of tabs) leave();
  });

  test("goes on where it was left, without a loss and without a repetition, while others write", async ({ store, schema }) => {
    const panel = studio(store, { schema });
    const seen: number[] = [];
    let after = 0;
    for (let round = 0; round < 5; round++) {
      const tab = await look(panel, `after=${after}`);
      const writing = append(store, `cart-${round}`, "ItemAdded", 30);
      await eventually(() => expect(tab.positions.length).toBeGreaterThan(0));
      tab.leave();
      await writing;
      seen.push(...tab.positions);
      after = seen.at(-1) ?? 0;
    }
    const tab = await look(panel, `after=${after}`);
    const all = (await store.readAll().toArray()).map(({ position }) => position);
    await eventually(() => expect([...seen, ...tab.positions]).toEqual(all));
    expect(tab.skipped()).toBe(0);
    tab.leave();
  });

  test.for(["before", "after"] as const)(
    "has once what is appended and delivered to others %s its past is read, but before it is returned",
    async (when, { store, schema }) => {
      const panel = studio(store, { schema });
      await append(store, "cart-1", "Opened");
      const other = await look(panel);
      await eventually(() => expect(other.positions).toHaveLength(1));
      const readAll = store.readAll.bind(store);
      vi.spyOn(store, "readAll").mockImplementationOnce((options) => {
        const past = readAll(options);
        const read = past.toArray.bind(past);
        vi.spyOn(past, "toArray").mockImplementation(async () => {
          const early = when === "after" ? await read() : undefined;
          await append(store, "cart-1", "ItemAdded", 3);
          await eventually(() => expect(other.positions).toHaveLength(4));
          return early ?? (await read());
        });
        return past;
      });
      const tab = await look(panel);
      await append(store, "cart-1", "Closed");
      const all = (await store.readAll().toArray()).map(({ position }) => position);
      await eventually(() => expect(tab.positions.at(-1)).toBe(all.at(-1)));
      expect(tab.positions).toEqual(all);
      for (const { leave } of [other, tab]) leave();
    },
  );

  test("reads its past only after it is known from where on it is followed", async ({ store, schema }) => {
    const read = vi.spyOn(store, "readAll");
    const highWaterMark = store.highWaterMark.bind(store);
    let readBefore: number | undefined;
    vi.spyOn(store, "highWaterMark").mockImplementationOnce(async () => {
      // What comes here is at or below the mark, and nobody delivers it.
      await append(store, "cart-1", "Opened");
      readBefore = read.mock.calls.length;
      return await highWaterMark();
    });
    const tab = await look(studio(store, { schema }));
    await eventually(() => expect(tab.positions).toHaveLength(1));
    expect(readBefore).toBe(0);
    tab.leave();
  });

  test("of a tab that was away for too long begins with the newest, and says that it skipped some", async ({ store, schema }) => {
    await append(store, "cart-1", "ItemAdded", 700);
    const tab = await look(studio(store, { schema }), "after=1");
    await eventually(() => expect(tab.positions).toHaveLength(500));
    expect(tab.positions.at(-1)).toBe(await last(store));
    expect(tab.skipped()).toBeGreaterThan(0);
    tab.leave();
  });

  test("looks for a category or a prefix in the newest part of the log alone, however long the log is", async ({ store, schema, sql }) => {
    const panel = studio(store, { schema });
    await append(store, "cart-1", "Opened");
    await sql.query("select setval($1::regclass, 100000)", [`"${schema.replaceAll('"', '""')}".events_position_seq`]);
    await append(store, "order-1", "Opened");
    const queries = ["category=cart", "prefix=cart-", "types=Opened", "category=cart&after=0", "types=Opened&after=0"];
    const tabs = await Promise.all(queries.map((query) => look(panel, query)));
    await append(store, "cart-2", "Opened");
    const [a, b, c] = (await store.readAll().toArray()).map(({ position }) => position);
    await eventually(() => expect(tabs.map(({ positions }) => positions)).toEqual([[c], [c], [a, b, c], [c], [a, b, c]]));
    expect(tabs.map(({ skipped }) => skipped() > 0)).toEqual([false, false, false, true, false]);
    for (const { leave } of tabs) leave();
  });

  test("of a tab that takes nothing keeps the newest, and counts what it let go", async () => {
    const tab = new TailTab({ types: [], category: undefined, prefix: "" });
    const event = { type: "Opened", category: "cart", streamId: "cart-1" };
    for (let position = 1; position <= 1_500; position++) tab.offer([{ event: { ...event, position }, document: `{"position":${position}}` }]);
    const { events, skipped }: TailMessage = JSON.parse((await tab.next())?.slice("data: ".length) ?? "");
    expect([skipped, events[0]?.position, events.length]).toEqual([500, 501, 100]);
  });

  test("whose subscription fails says so to every tab, logs the first cause, and is there again for who comes back", async ({ store, schema }) => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    onTestFinished(() => logged.mockRestore());
    const cause = new Error("the password is hunter2");
    const failing = Promise.withResolvers<void>();
    failOnce(store, failing.promise, cause);
    failOnce(store, Promise.resolve(), cause);
    const panel = studio(store, { schema });
    const tabs = await Promise.all([look(panel), look(panel, "types=Opened")]);
    failing.resolve();
    const told = { title: "The studio failed", code: "internal" };
    await eventually(() => expect(tabs.map(({ problems }) => problems)).toMatchObject([[told], [told]]));
    expect(JSON.stringify(tabs[0]?.problems)).not.toContain("hunter2");
    const second = await look(panel);
    await eventually(() => expect(second.problems).toMatchObject([told]));
    expect(logged.mock.calls).toEqual([[expect.stringContaining("live tail"), cause]]);
    const third = await look(panel, "after=0");
    await append(store, "cart-1", "Opened");
    const end = await last(store);
    await eventually(() => expect(third.positions).toEqual([end]));
    third.leave();
  });

  test("is of the tenant alone, and masked", async ({ store, schema }) => {
    const tab = await look(studio(store.forTenant("globex"), { schema }));
    await append(store.forTenant("acme"), "cart-1", "Opened");
    await append(store.forTenant("globex"), "cart-1", "Opened");
    const [own] = await store.forTenant("globex").readAll().toArray();
    await eventually(() => expect(tab.positions).toEqual([own?.position]));
    tab.leave();
    const masking = await get(studio(store.forTenant("globex"), { schema, mask: () => ["data"] }), "/api/tail");
    const first = await masking.body?.getReader().read();
    expect(new TextDecoder().decode(first?.value)).toContain("••••••");
  });
});
