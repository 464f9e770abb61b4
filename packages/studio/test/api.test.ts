import { asDate, causedBy, defineEvents, documentProjection, event, type Event, type EventStore, withMetadata } from "tidemark";
import { studio, type Studio } from "@tidemark/studio";
import { vi } from "vitest";
import { z } from "zod";
import type { EventPage, OverviewReport, ProblemReport, StreamPage, StreamsPage } from "../src/wire/reports.ts";
import { SharedReports } from "../src/server/api/call.ts";
import { describe, eventually, expect, test } from "../../tidemark/test/support/test.ts";
import { get, report, waitingForLocks } from "./support.ts";

async function append(store: EventStore, streamId: string, ...data: readonly object[]): Promise<void> {
  await store.appendToStream(
    streamId,
    data.map((each) => ({ type: "ItemAdded", data: each })),
  );
}

const carts = documentProjection<{ readonly n: number }, Event<"ItemAdded", object>, "ItemAdded">({
  name: "carts",
  mode: "inline",
  collection: "carts",
  handles: ["ItemAdded"],
  documentId: ({ streamId }) => streamId,
  evolve: (document) => ({ n: (document?.n ?? 0) + 1 }),
});

describe("the overview", () => {
  test("tells of the mark, the newest event, health and followers", async ({ store }) => {
    const panel = studio(store);
    expect(await report<OverviewReport>(panel, "/api/overview")).toMatchObject({ mark: 0, newest: null, blockers: [], followers: [] });
    await append(store, "cart-1", {}, {});
    const other = studio(store);
    const after = await report<OverviewReport>(other, "/api/overview");
    expect(after.newest).toMatchObject({ streamId: "cart-1", version: 2, position: after.mark });
    expect(after.health.checks.map(({ name }) => name)).toContain("mark");
  });
});

describe("a report that costs much", () => {
  test("is made once for all who ask meanwhile, kept for a while, and made again after a failure", async () => {
    const shared = new SharedReports();
    const made: string[] = [];
    const ask = (name: string, keptMs: number, outcome: () => string): Promise<string> =>
      shared.of(name, keptMs, async () => {
        made.push(name);
        return outcome();
      });
    expect(await Promise.all([ask("a", 60_000, () => "first"), ask("a", 60_000, () => "second")])).toEqual(["first", "first"]);
    expect(await ask("a", 60_000, () => "third")).toBe("first");
    expect(await ask("b", 0, () => "first")).toBe("first");
    expect(await ask("b", 0, () => "second")).toBe("second");
    const fail = (): never => {
      throw new Error("gone");
    };
    await expect(ask("c", 60_000, fail)).rejects.toThrow("gone");
    expect(await ask("c", 60_000, () => "back")).toBe("back");
    expect(made).toEqual(["a", "b", "b", "c", "c"]);
  });
});

describe("streams", () => {
  test("come by prefix and category, a page after the other", async ({ store }) => {
    await Promise.all(["cart-1", "cart-2", "cart-3", "order-1"].map((id) => append(store, id, {})));
    const panel = studio(store);
    const names = ({ streams }: StreamsPage): string[] => streams.map(({ streamId }) => streamId);
    const first = await report<StreamsPage>(panel, "/api/streams?prefix=cart-&limit=2");
    expect([names(first), first.next]).toEqual([["cart-1", "cart-2"], "cart-2"]);
    const second = await report<StreamsPage>(panel, "/api/streams?prefix=cart-&limit=2&after=cart-2");
    expect([names(second), second.next]).toEqual([["cart-3"], null]);
    expect(names(await report(panel, "/api/streams?category=order"))).toEqual(["order-1"]);
  });

  test("of another tenant are not there, and neither are its events", async ({ store, schema }) => {
    await append(store.forTenant("acme"), "cart-1", { secret: 1 });
    const [event] = await store.forTenant("acme").readStream("cart-1").toArray();
    const panel = studio(store.forTenant("globex"), { schema });
    expect(await report<StreamsPage>(panel, "/api/streams")).toEqual({ streams: [], next: null });
    expect((await get(panel, "/api/stream?id=cart-1")).status).toBe(404);
    expect((await get(panel, `/api/event?id=${event?.id}`)).status).toBe(404);
  });
});

describe("a stream", () => {
  test("comes forward and backward between versions", async ({ store, schema }) => {
    await append(store, "cart-1", ...Array.from({ length: 5 }, (_, n) => ({ n })));
    const panel = studio(store, { schema });
    const versions = async (query: string): Promise<number[]> => {
      const { events } = await report<StreamPage>(panel, `/api/stream?id=cart-1&${query}`);
      return events.map(({ version }) => version);
    };
    expect(await versions("")).toEqual([1, 2, 3, 4, 5]);
    expect(await versions("direction=backward&limit=2")).toEqual([5, 4]);
    expect(await versions("direction=backward&to=3")).toEqual([3, 2, 1]);
    expect(await versions("from=4")).toEqual([4, 5]);
    expect(await versions("from=6")).toEqual([]);
  });

  test("keeps every digit of a number that JavaScript cannot hold", async ({ store, schema, sql }) => {
    const big = '{"id": 9007199254740993, "exact": 0.1000000000000000055511151231257827, "huge": 123456789012345678901234567890}';
    await append(store, "cart-1", {});
    await sql.query(
      `set session_replication_role = replica; update "${schema.replaceAll('"', '""')}".events set data = '${big}'; set session_replication_role = origin`,
    );
    const { events } = await report<StreamPage>(studio(store, { schema }), "/api/stream?id=cart-1");
    for (const number of ["9007199254740993", "0.1000000000000000055511151231257827", "123456789012345678901234567890"])
      expect(events[0]?.data).toContain(number);
  });
});

describe("an event", () => {
  test("comes with those beside it, and says that the indexes for causes are missing", async ({ store, schema }) => {
    await append(store, "cart-1", {}, {}, {});
    const [first, second, third] = await store.readStream("cart-1").toArray();
    const page = await report<EventPage>(studio(store, { schema }), `/api/event?id=${second?.id}`);
    expect(page).toMatchObject({ previous: first?.id, next: third?.id, decoded: null, causation: { kind: "indexes-missing" }, schema });
  });

  test("comes with its causes and effects where the indexes are there", async ({ store, schema }) => {
    await store.indexes.create("causation");
    await append(store, "cart-1", {});
    const [root] = await store.readStream("cart-1").toArray();
    await withMetadata(causedBy(root ?? expect.unreachable()), () => append(store, "cart-2", {}));
    const [cause] = await store.readStream("cart-2").toArray();
    await withMetadata(causedBy(cause ?? expect.unreachable()), () => append(store, "cart-3", {}));
    const { causation } = await report<EventPage>(studio(store, { schema }), `/api/event?id=${cause?.id}`);
    expect(causation).toMatchObject({
      kind: "tree",
      causes: [{ streamId: "cart-1" }],
      effects: [{ event: { streamId: "cart-3" }, effects: [] }],
      complete: true,
    });
  });

  test("shows what the application's catalogue makes of it, and why it cannot", async ({ store, schema, openStore }) => {
    await store.appendToStream("cart-1", [
      { type: "CartConfirmed", data: { at: "2026-11-29T10:00:00.000Z" } },
      { type: "Unheard", data: {} },
    ]);
    const events = defineEvents({
      CartConfirmed: {
        schema: z.object({ at: z.date(), channel: z.string() }),
        version: 2,
        upcast: { 1: ({ data }) => ({ ...data, channel: "web" }) },
        stored: { at: asDate },
      },
    });
    const withCatalogue = await openStore({ events });
    const [confirmed, unheard] = await store.readStream("cart-1").toArray();
    const panel = studio(withCatalogue, { schema });
    expect((await report<EventPage>(panel, `/api/event?id=${confirmed?.id}`)).decoded).toEqual({
      type: "CartConfirmed",
      schemaVersion: 2,
      data: '{"at":"2026-11-29T10:00:00.000Z","channel":"web"}',
    });
    expect((await report<EventPage>(panel, `/api/event?id=${unheard?.id}`)).decoded).toMatchObject({ error: expect.stringContaining("Unheard") });
  });

  test.for(["nonsense", "00000000-0000-4000-8000-000000000000", "' or true --"])("%s is not there", async (id, { store }) => {
    const response = await get(studio(store), `/api/event?id=${encodeURIComponent(id)}`);
    expect([response.status, response.headers.get("content-type")]).toEqual([404, "application/problem+json"]);
  });
});

describe("the mask", () => {
  const data = {
    email: "ada@example.com",
    items: [
      { sku: "tea", price: 4.5 },
      { sku: "mug", price: 12 },
    ],
    big: 1,
  };

  test("hides what it names wherever an event is shown, and nothing else", async ({ store, schema }) => {
    await store.appendToStream("cart-1", [{ type: "ItemAdded", data, metadata: { actorId: "ada" } }]);
    const [event] = await store.readStream("cart-1").toArray();
    const panel = studio(store, {
      schema,
      mask: ({ type }) => (type === "ItemAdded" ? ["data.email", "data.items.*.price", "metadata.actorId", "data.absent.deeper"] : []),
    });
    const { events } = await report<StreamPage>(panel, "/api/stream?id=cart-1");
    const { event: alone } = await report<EventPage>(panel, `/api/event?id=${event?.id}`);
    for (const shown of [events[0], alone]) {
      expect(shown?.masked).toBe(true);
      expect(JSON.parse(shown?.data ?? "")).toEqual({
        email: "••••••",
        items: [
          { sku: "tea", price: "••••••" },
          { sku: "mug", price: "••••••" },
        ],
        big: 1,
      });
      expect(JSON.parse(shown?.metadata ?? "")).toEqual({ actorId: "••••••" });
    }
  });

  test("hides what the catalogue calls personal without being asked, and what the hook names besides", async ({ openStore, schema }) => {
    const events = defineEvents({ ItemAdded: { schema: event<typeof data>(), personal: ["email", "items[].price"] } });
    const store = await openStore({ events });
    await store.appendToStream("cart-1", [{ type: "ItemAdded", data, metadata: { actorId: "somebody" } }]);
    const deciders = { cart: { initialState: () => null, evolve: (_state: unknown, { data: added }: { data: unknown }) => added } };
    const [stored] = await store.readStream("cart-1").toArray();
    const told = async (panel: Studio): Promise<string> => {
      const paths = ["/api/stream?id=cart-1", `/api/event?id=${stored?.id}`, "/api/state?id=cart-1"];
      return (await Promise.all(paths.map(async (path) => JSON.stringify(await report(panel, path))))).join("\n");
    };
    const usual = await told(studio(store, { schema, deciders }));
    expect([usual.includes(data.email), usual.includes("4.5"), usual.includes("mug"), usual.includes("somebody")]).toEqual([false, false, true, true]);
    const more = await told(studio(store, { schema, deciders, mask: () => ["data.items.*.sku", "metadata"] }));
    expect([more.includes(data.email), more.includes("4.5"), more.includes("mug"), more.includes("somebody")]).toEqual([false, false, false, false]);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what JavaScript may return
    const nonsense = await told(studio(store, { schema, mask: () => "data.items" as unknown as string[] }));
    expect(nonsense).not.toContain("mug");
    // Of a store without the catalogue nobody knows it.
    expect(await told(studio(await openStore(), { schema, deciders }))).toContain(data.email);
  });

  test("hides everything where it fails or returns nonsense", async ({ store, schema }) => {
    await append(store, "cart-1", data);
    const broken = (): never => {
      throw new Error("no rules");
    };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what JavaScript may return
    for (const mask of [broken, () => "data.email" as unknown as string[]]) {
      const { events } = await report<StreamPage>(studio(store, { schema, mask }), "/api/stream?id=cart-1");
      expect(events[0]).toMatchObject({ data: '"••••••"', metadata: '"••••••"', masked: true });
    }
  });
});

describe("a request", () => {
  test.for([
    ["a stream without a name", "/api/stream"],
    ["more rows than a page has", "/api/stream?id=a&limit=101"],
    ["a limit that is no number", "/api/stream?id=cart-1&limit=x"],
    ["a limit that JavaScript would take for one", "/api/streams?limit=1e3"],
    ["a version below zero", "/api/stream?id=cart-1&from=-1"],
    ["a direction that there is not", "/api/stream?id=cart-1&direction=up"],
    ["a name that no stream can have", "/api/stream?id=%00"],
    ["a prefix that no stream can have", `/api/streams?prefix=${"x".repeat(600)}`],
  ] as const)("for %s is told that it is wrong", async ([, path], { store }) => {
    await append(store, "cart-1", {});
    const response = await get(studio(store), path);
    const problem: ProblemReport = await response.json();
    expect([response.status, problem.code, problem.status]).toEqual([400, "bad-request", 400]);
    expect(problem.detail).not.toBe("");
  });

  test("for which the database has no time ends after the time that the options allow", async ({ store, schema, sql }) => {
    await append(store, "cart-1", {});
    const client = await sql.connect();
    await client.query("begin");
    await client.query(`lock table "${schema.replaceAll('"', '""')}".events in access exclusive mode`);
    try {
      const response = await get(studio(store, { schema, timeoutMs: 100 }), "/api/stream?id=cart-1");
      expect(response.status).toBe(504);
    } finally {
      await client.query("rollback");
      client.release();
    }
  });

  test("is one of a thousand that hang, and leaves connections to those who append", async ({ openStore, schema, sql, onTestFinished }) => {
    // However slow the machine is, none of them ends before it is let go.
    const endless = vi.spyOn(AbortSignal, "timeout").mockImplementation(() => new AbortController().signal);
    onTestFinished(() => endless.mockRestore());
    const store = await openStore({ pool: { queryTimeoutMs: 600_000 } });
    await append(store, "cart-1", {});
    const panel = studio(store, { schema, timeoutMs: 60_000, tenants: "all" });
    const client = await sql.connect();
    await client.query("begin");
    await client.query(`lock table "${schema.replaceAll('"', '""')}".timers in access exclusive mode`);
    const waiting = (): Promise<number> => waitingForLocks(sql);
    const left = new AbortController();
    try {
      const answers = Array.from({ length: 1_000 }, (_, n) => get(panel, `/api/timers?tenant=t-${n % 3}`, {}, { signal: left.signal }));
      await eventually(async () => expect(await waiting()).toBe(4));
      for (let n = 0; n < 20; n++) await append(store, "cart-1", { n });
      expect(await waiting()).toBe(4);
      left.abort();
      await Promise.all(answers);
      await eventually(async () => expect(await waiting()).toBe(0));
      expect((await get(panel, "/api/streams")).status).toBe(200);
    } finally {
      await client.query("rollback");
      client.release();
    }
  });

  test.for([
    ["events", "/api/stream?id=cart-1"],
    ["timers", "/api/timers"],
    ["process_instances", "/api/processes"],
    ["carts__v1", "/api/documents?collection=carts&where=%5B%5B%22n%22,%22gt%22,1%5D%5D"],
    ["carts__v1", "/api/document?collection=carts&id=cart-1"],
  ] as const)("of %s that is let go ends its query on the server: %s", async ([table, path], { openStore, schema, sql }) => {
    // Longer than the test waits: it must not be the query's own end that is seen.
    // Where nothing else is asked for: the heartbeats of a projection's worker wait for the table of instances, too.
    const projections = table === "carts__v1" ? [carts] : [];
    const store = await openStore({ projections, pool: { queryTimeoutMs: 600_000 } });
    await append(store, "cart-1", {});
    const client = await sql.connect();
    await client.query("begin");
    await client.query(`lock table "${schema.replaceAll('"', '""')}".${table} in access exclusive mode`);
    const waiting = (): Promise<number> => waitingForLocks(sql);
    const left = new AbortController();
    try {
      const answer = get(studio(store, { schema, timeoutMs: 60_000 }), path, {}, { signal: left.signal });
      await eventually(async () => expect(await waiting()).toBe(1));
      left.abort();
      await answer;
      await eventually(async () => expect(await waiting()).toBe(0));
    } finally {
      await client.query("rollback");
      client.release();
    }
  });
});
