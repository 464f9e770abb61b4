import { AsyncLocalStorage } from "node:async_hooks";
import { tracingChannel } from "node:diagnostics_channel";
import pg from "pg";
import {
  type BoundaryDecider,
  command,
  decider,
  defineConsumer,
  defineProcess,
  defineProjection,
  documentProjection,
  type Event,
  executeCommand,
  handleCommand,
  type TracedOperations,
} from "tidemark";
import { itemAdded } from "../support/cart.ts";
import { describe, eventually, expect, test } from "../support/test.ts";
import { tracedChannels } from "../../src/tracing/operations.ts";
import { onStart, Recorder } from "./recorder.ts";

const canary = "secret-of-an-event";
const tags = ["cart:1"];

const cart = decider<number, "add", Event>({
  name: "cart",
  initialState: () => 0,
  evolve: (count) => count + 1,
  decide: () => [itemAdded(canary)],
});

const byTag: BoundaryDecider<number, "add", Event> = {
  query: () => [{ types: ["ItemAdded"], tags }],
  initialState: () => 0,
  evolve: (count) => count + 1,
  decide: () => [{ ...itemAdded(canary), tags }],
};

const carts = (version: number): ReturnType<typeof documentProjection<{ readonly items: number }>> =>
  documentProjection<{ readonly items: number }>({
    name: "carts",
    version,
    mode: "async",
    collection: "carts",
    documentId: ({ streamId }) => streamId,
    evolve: { ItemAdded: (document) => ({ items: (document?.items ?? 0) + 1 }) },
  });

const totals = documentProjection<{ readonly items: number }>({
  name: "totals",
  version: 3,
  mode: "inline",
  collection: "totals",
  documentId: ({ streamId }) => streamId,
  evolve: { ItemAdded: (document) => ({ items: (document?.items ?? 0) + 1 }) },
});

describe("the tracing channels", () => {
  test("tell of every operation, where it took place and what came of it, and nothing of what events hold", async ({ openStore, schema }) => {
    using recorder = new Recorder(schema);
    const store = await openStore({ projections: [carts(1), carts(2), totals] });
    const first = await store.appendToStream("cart-1", [itemAdded(canary), itemAdded(canary)]);
    await store.appendToStreams([
      { streamId: "cart-2", events: [itemAdded(canary)] },
      { streamId: "cart-1", events: [], expectedVersion: 2 },
    ]);
    await store.append([{ ...itemAdded(canary), tags }]);
    await expect(store.appendToStream("cart-1", [itemAdded(canary)], { expectedVersion: 7 })).rejects.toMatchObject({ code: "VERSION_CONFLICT" });
    await store.transaction(async (tx) => {
      await tx.appendToStream("cart-3", [itemAdded(canary)]);
      await tx.readStream("cart-3").toArray();
    });
    expect(recorder.of("tidemark:append")).toMatchObject([
      {
        operation: "appendToStream",
        streamIds: ["cart-1"],
        events: 2,
        inTransaction: false,
        tenant: "",
        result: { streams: [{ streamId: "cart-1", version: 2 }] },
      },
      { operation: "appendToStreams", streamIds: ["cart-2", "cart-1"], events: 1, result: { streams: [{ version: 1 }, { version: 2 }] } },
      { operation: "append", streamIds: [], events: 1, result: { streams: [{ streamId: "cart-1" }] } },
      { operation: "appendToStream", events: 1, error: { code: "VERSION_CONFLICT" } },
      { operation: "appendToStream", streamIds: ["cart-3"], inTransaction: true },
    ]);
    expect(recorder.of("tidemark:transaction")).toMatchObject([{ result: {} }]);
    expect(recorder.of("tidemark:project").slice(0, 2)).toMatchObject([
      { projection: "totals", version: 3, tenant: "", events: [{ streamId: "cart-1", version: 1 }, { version: 2 }], result: {} },
      { projection: "totals", events: [{ streamId: "cart-2", type: "ItemAdded", position: 3 }] },
    ]);
    expect(recorder.of("tidemark:append")[0]?.store).toMatchObject({ schema, driver: "pg", host: expect.any(String), database: expect.any(String) });

    recorder.clear();
    await store.readStream("cart-1").toArray();
    await store.readAll({ limit: 2 }).toArray();
    await store.readBoundary([{ tags }]);
    await store.aggregateStream("cart-1", { initialState: () => 0, evolve: (count) => count + 1 });
    await store.streamInfo("cart-1");
    const [event] = await store.readStream("cart-1", { limit: 1 }).toArray();
    await store.eventById(event?.id ?? "");
    expect(recorder.of("tidemark:read")).toMatchObject([
      { operation: "readStream", streamId: "cart-1", result: { events: 3 } },
      { operation: "readAll", result: { events: 2 } },
      { operation: "readBoundary", result: { events: 1 } },
      { operation: "aggregateStream", streamId: "cart-1", result: { events: 3 } },
      { operation: "streamInfo", streamId: "cart-1" },
      { operation: "readStream", result: { events: 1 } },
      { operation: "eventById", result: { events: 1 } },
    ]);

    recorder.clear();
    await handleCommand(store, cart, "cart-4", "add");
    await executeCommand(store, byTag, "add");
    expect(recorder.of("tidemark:command")).toMatchObject([
      { operation: "handleCommand", decider: "cart", streamId: "cart-4", result: { attempts: 1, events: 1 } },
      { operation: "executeCommand", result: { attempts: 1, events: 1 } },
    ]);

    const mailer = defineConsumer({ name: "mailer", handle: () => {} });
    const checkout = defineProcess<number, Event>({
      name: "checkout",
      handles: ["ItemAdded"],
      instanceId: ({ streamId }) => streamId,
      initialState: () => 0,
      evolve: (count) => count + 1,
      react: ({ streamId }) => (streamId === "cart-2" ? [command(cart, "cart-5", "add")] : []),
    });
    await store.schedule("cart-6", itemAdded(canary), { key: "remind", in: 1 });
    await using worker = store.createWorker({ consumers: [mailer], processes: [checkout], projections: [carts(1)], timers: true });
    await worker.start();
    await worker.caughtUp();
    await eventually(() => expect(recorder.of("tidemark:fire")).toContainEqual(expect.objectContaining({ result: { timers: 1 } })));
    await eventually(() => expect(recorder.of("tidemark:issue")).toContainEqual(expect.objectContaining({ process: "checkout", result: { outcome: "done" } })));
    expect(recorder.of("tidemark:schedule")).toMatchObject([{ streamId: "cart-6", key: "remind", result: { dueAt: expect.any(Date) } }]);
    const [page] = recorder.of("tidemark:follow");
    expect(page).toMatchObject({ log: "events", tenant: "", result: { events: page?.until, position: page?.until } });
    const kinds = new Set(recorder.of("tidemark:handle").map(({ kind, name, shard, attempt }) => `${kind} ${name} ${shard} ${attempt}`));
    expect([...kinds].toSorted()).toEqual(["consumer mailer 0 1", "process checkout 0 1", "projection carts 0 1"]);
    expect(recorder.of("tidemark:handle").flatMap(({ events }) => events)).toContainEqual({
      id: expect.any(String),
      type: "ItemAdded",
      category: "cart",
      streamId: "cart-1",
      version: 2,
      position: first.position,
    });
    expect(recorder.of("tidemark:checkpoint")).toContainEqual(expect.objectContaining({ name: "mailer", kind: "consumer", shard: 0 }));

    await store.projections.rebuild("carts", { version: 2 });
    await store.projections.check("carts");
    expect(recorder.of("tidemark:rebuild")).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ operation: "rebuild", projection: "carts", version: 2, result: {} }),
        expect.objectContaining({ operation: "check", projection: "carts", result: {} }),
      ]),
    );
    await worker.stop();

    const { documents } = await store.documents(carts(2)).page({ limit: 2 });
    await store.documents("carts").count();
    await store.transaction((tx) => tx.documents(carts(2)).get("cart-1"));
    await store.documents(carts(2)).getMany(["cart-1", "cart-2", "nowhere"]);
    await store.documents(carts(2)).first({ where: { items: { gt: 1_000 } } });
    await store
      .documents("carst")
      .find()
      .catch(() => {});
    expect(documents).toHaveLength(2);
    expect(recorder.of("tidemark:documents")).toMatchObject([
      { operation: "page", collection: "carts", tenant: "", result: { documents: 2 } },
      { operation: "count", collection: "carts", result: { documents: 6 } },
      { operation: "get", collection: "carts", result: { documents: 1 } },
      { operation: "getMany", result: { documents: 2 } },
      { operation: "first", result: { documents: 0 } },
      { operation: "find", collection: "carst", error: { code: "NOT_FOUND" } },
    ]);

    await (await openStore()).transaction((tx) => tx.streamInfo("cart-1"));
    expect(recorder.of("tidemark:migrate")).toMatchObject([{ result: {} }]);
    expect(new Set(recorder.all.map(({ channel }) => channel))).toEqual(new Set(tracedChannels));
    expect(JSON.stringify(recorder.all.map(({ message }) => message))).not.toContain(canary);
  });

  test("publish each step once, in the order of Node.js's own, for what succeeds and what fails", async ({ store, schema }) => {
    using recorder = new Recorder(schema);
    await store.appendToStream("cart-1", [itemAdded()]);
    await store.appendToStream("cart-1", [itemAdded()], { expectedVersion: 9 }).catch(() => {});
    await using worker = store.createWorker({ consumers: [defineConsumer({ name: "quiet", handle: () => {} })] });
    await worker.start();
    await worker.caughtUp();
    const steps = recorder.all.map(({ channel, steps: of }) => [channel, of.join(" ")]);
    expect(steps.slice(0, 2)).toEqual([
      ["tidemark:append", "start end asyncStart asyncEnd"],
      ["tidemark:append", "start end error asyncStart asyncEnd"],
    ]);
    // A handler that returned no promise.
    expect(steps).toContainEqual(["tidemark:handle", "start end"]);
  });

  test("tell of an inline projection that fails, of its handler, and of nothing that it does not handle", async ({ openStore, schema }) => {
    using recorder = new Recorder(schema);
    const picky = defineProjection<Event<string, { readonly bad?: boolean }>>({
      name: "picky",
      mode: "inline",
      handles: ["Judged"],
      handle(event) {
        if (event.data.bad) throw new Error("too bad");
      },
    });
    const store = await openStore({ projections: [picky] });
    await store.forTenant("acme").appendToStream("cart-1", [{ type: "Judged", data: {} }]);
    await expect(store.appendToStream("cart-1", [{ type: "Judged", data: { bad: true } }])).rejects.toMatchObject({ code: "PROJECTION_FAILED" });
    await store.appendToStream("cart-1", [itemAdded()]);
    const told = recorder.of("tidemark:project");
    expect(told[0]).toMatchObject({ projection: "picky", tenant: "acme", events: [{ type: "Judged", version: 1 }], result: {} });
    expect(told.slice(1).length).toBeGreaterThanOrEqual(1);
    for (const failed of told.slice(1)) expect(failed).toMatchObject({ projection: "picky", tenant: "", error: expect.anything() });
  });

  test("tell of a handler that throws, that rejects, and that takes too long", async ({ store, schema }) => {
    using recorder = new Recorder(schema);
    const quickly = { retry: { attempts: 1 } } as const;
    const consumers = [
      defineConsumer({
        ...quickly,
        name: "throwing",
        handle() {
          throw new Error("thrown");
        },
      }),
      defineConsumer({ ...quickly, name: "rejecting", handle: () => Promise.reject(new Error("rejected")) }),
      defineConsumer({ ...quickly, name: "late", timeoutMs: 50, handle: () => new Promise(() => {}) }),
    ];
    await store.appendToStream("cart-1", [itemAdded()]);
    await using worker = store.createWorker({ consumers, onError: () => {} });
    await worker.start();
    await eventually(() =>
      expect(recorder.of("tidemark:handle").map(({ name, error }) => [name, error])).toEqual(
        expect.arrayContaining([
          ["throwing", expect.objectContaining({ message: "thrown" })],
          ["rejecting", expect.objectContaining({ message: "rejected" })],
          ["late", expect.objectContaining({ code: "HANDLER_TIMEOUT" })],
        ]),
      ),
    );
  });

  test("carry a bound store into the operation, and into the handler", async ({ store, schema }) => {
    const place = new AsyncLocalStorage<string>();
    const channels = (["tidemark:handle", "tidemark:transaction"] as const).map((name) => tracingChannel<string, TracedOperations[typeof name]>(name));
    for (const [n, channel] of channels.entries()) channel.start.bindStore(place, (message) => (message.store.schema === schema ? `inside ${n}` : ""));
    try {
      const seen: (string | undefined)[] = [];
      const mailer = defineConsumer({
        name: "mailer",
        async handle(_event, context) {
          await context.query("select 1");
          seen.push(place.getStore());
        },
      });
      await store.transaction(async (tx) => {
        await tx.appendToStream("cart-1", [itemAdded()]);
        seen.push(place.getStore());
      });
      expect(place.getStore()).toBeUndefined();
      await using worker = store.createWorker({ consumers: [mailer] });
      await worker.start();
      await worker.caughtUp();
      expect(seen).toEqual(["inside 1", "inside 0"]);
    } finally {
      for (const channel of channels) channel.start.unbindStore(place);
    }
  });

  test("let a subscriber add metadata to what is appended and scheduled, under all that the event has", async ({ store, schema, sql }) => {
    const ends = (["tidemark:append", "tidemark:schedule"] as const).map((name) => {
      const channel = tracingChannel<unknown, TracedOperations[typeof name]>(name);
      const adding = onStart((message: TracedOperations[typeof name]): void => {
        if (message.store.schema === schema) message.metadata = { traceparent: "00-subscriber", actorId: "subscriber" };
      });
      channel.subscribe(adding);
      return () => channel.unsubscribe(adding);
    });
    try {
      await store.withMetadata({ actorId: "ada" }).appendToStream("cart-1", [itemAdded(), { ...itemAdded(), metadata: { traceparent: "00-own" } }]);
      await store.transaction((tx) => tx.append([{ ...itemAdded(), tags }]));
      await store.appendToStreams([{ streamId: "cart-2", events: [itemAdded()] }]);
      await store.schedule("cart-3", itemAdded(), { key: "later", in: 60_000 });
      const metadata = (await store.readAll().toArray()).map((event) => event.metadata);
      expect(metadata).toMatchObject([
        { traceparent: "00-subscriber", actorId: "ada" },
        { traceparent: "00-own", actorId: "ada" },
        { traceparent: "00-subscriber", actorId: "subscriber" },
        { traceparent: "00-subscriber" },
      ]);
      const { rows } = await sql.query(`select metadata from ${pg.escapeIdentifier(schema)}.timers`);
      expect(rows).toMatchObject([{ metadata: { traceparent: "00-subscriber" } }]);
    } finally {
      for (const end of ends) end();
    }
  });

  test("describe nothing where nobody listens, and leave results and errors alone where somebody does", async ({ store, schema }) => {
    const conflict = (): Promise<unknown> => store.appendToStream("cart-1", [itemAdded()], { expectedVersion: 9 }).catch((error: unknown) => error);
    const unheard = await conflict();
    using recorder = new Recorder(schema);
    const heard = await conflict();
    expect(heard).toMatchObject({ code: "VERSION_CONFLICT", message: expect.any(String) });
    expect(Object.keys(Object(heard))).toEqual(Object.keys(Object(unheard)));
    expect(String(Object(heard).stack)).toContain("operations.test.ts");
    await store.forTenant("acme").appendToStream("cart-1", [itemAdded()]);
    expect(recorder.of("tidemark:append").map(({ tenant }) => tenant)).toEqual(["", "acme"]);
    await expect(store.appendToStream(Object(7), Object("no events"))).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(recorder.of("tidemark:append").at(-1)).toMatchObject({ streamIds: [], events: 0, error: { code: "INVALID_ARGUMENT" } });
  });
});
