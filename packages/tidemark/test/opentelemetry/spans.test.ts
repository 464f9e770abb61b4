import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { propagation } from "@opentelemetry/api";
import { decider, defineConsumer, documentProjection, type Event, handleCommand } from "tidemark";
import { instrument } from "tidemark/opentelemetry";
import { itemAdded } from "../support/cart.ts";
import { describe, eventually, expect, test } from "../support/test.ts";
import { Sdk } from "./sdk.ts";

const cart = decider<number, "add", Event>({ name: "cart-rules", initialState: () => 0, evolve: (n) => n + 1, decide: () => [itemAdded()] });

describe("instrument", () => {
  test("makes spans by the conventions, with categories and no ids of streams in names", async ({ store, schema }) => {
    await using sdk = new Sdk();
    using _instrumentation = instrument(store, { tracerProvider: sdk.tracerProvider, meterProvider: sdk.meterProvider });
    await store.forTenant("acme").appendToStream("cart-42", [itemAdded(), itemAdded()]);
    await store.readStream("cart-42").toArray();
    await handleCommand(store, cart, "cart-43", "add");
    await store.appendToStream("cart-43", [itemAdded()], { expectedVersion: 9 }).catch(() => {});
    const spans = sdk.spans();
    expect(spans.map(({ name }) => name).filter((name) => name.includes("4"))).toEqual([]);
    expect(JSON.stringify(spans.map(({ attributes }) => attributes))).not.toMatch(/cart-4/);
    const [append] = sdk.named("append cart");
    expect(append).toMatchObject({ kind: 3, failed: false });
    expect(append?.attributes).toMatchObject({
      "messaging.system": "tidemark",
      "messaging.operation.name": "append",
      "messaging.operation.type": "send",
      "messaging.destination.name": "cart",
      "messaging.batch.message_count": 2,
      "db.system.name": "postgresql",
      "db.namespace": expect.stringMatching(new RegExp(String.raw`^tidemark_test_\w+\|`)),
      "server.address": expect.any(String),
      "server.port": expect.any(Number),
      "tidemark.schema": schema,
      "tidemark.tenant": "acme",
      "tidemark.stream.version": 2,
      "tidemark.position": 2,
    });
    expect(sdk.named("read cart")[0]).toMatchObject({ kind: 2, attributes: { "db.operation.name": "readStream", "db.query.summary": "read cart" } });
    const [command] = sdk.named("command cart-rules");
    expect(command).toMatchObject({ kind: 0, attributes: { "tidemark.command.attempts": 1, "tidemark.events": 1 } });
    expect(spans.filter(({ parentSpanId }) => parentSpanId === command?.spanId).map(({ name }) => name)).toContain("append cart");
    expect(spans.filter(({ failed }) => failed).map(({ attributes }) => attributes["error.type"])).toEqual(["VERSION_CONFLICT"]);
  });

  test("gives ids of streams where they are asked for, and only as attributes", async ({ store }) => {
    await using sdk = new Sdk();
    using _instrumentation = instrument(store, { tracerProvider: sdk.tracerProvider, streamIds: true });
    await store.appendToStream("cart-42", [itemAdded()]);
    expect(sdk.named("append cart")[0]?.attributes).toMatchObject({ "tidemark.stream.id": "cart-42" });
  });

  test("tells no more than 200 categories apart", async ({ store }) => {
    await using sdk = new Sdk();
    using _instrumentation = instrument(store, { tracerProvider: sdk.tracerProvider });
    await Promise.all(Array.from({ length: 210 }, (_, n) => store.appendToStream(`kind${n}-1`, [itemAdded()])));
    expect(new Set(sdk.spans().map(({ name }) => name)).size).toBe(201);
    expect(sdk.named("append _other")).toHaveLength(10);
  });

  test("links a batch to each append, once, and keeps baggage out of the log", async ({ store }) => {
    await using sdk = new Sdk();
    using _instrumentation = instrument(store, { tracerProvider: sdk.tracerProvider, handlerParent: "event" });
    const { context } = await import("@opentelemetry/api");
    await context.with(propagation.setBaggage(context.active(), propagation.createBaggage({ customer: { value: "customer-7" } })), async () => {
      await store.appendToStream("cart-1", [itemAdded(), itemAdded()]);
      await store.appendToStream("cart-2", [itemAdded()]);
    });
    const appends = sdk.named("append cart");
    const batches = defineConsumer({ name: "batches", handleBatch: () => {} });
    await using worker = store.createWorker({ consumers: [batches], timers: false });
    await worker.start();
    await worker.caughtUp();
    const [handled] = sdk.named("process batches");
    expect(handled?.links).toEqual(appends.map(({ traceId, spanId }) => ({ traceId, spanId })));
    expect(handled?.parentSpanId).toBeUndefined();
    expect(handled?.attributes).toMatchObject({
      "messaging.batch.message_count": 3,
      "messaging.operation.type": "process",
      "messaging.consumer.group.name": "batches",
    });
    expect(JSON.stringify(await store.readAll().toArray())).not.toContain("customer-7");
  });

  test("has inline projections inside of the append, and pages of followers in no trace", async ({ openStore }) => {
    const totals = documentProjection<{ readonly items: number }>({
      name: "totals",
      version: 2,
      mode: "inline",
      collection: "totals",
      documentId: ({ streamId }) => streamId,
      evolve: { ItemAdded: (document) => ({ items: (document?.items ?? 0) + 1 }) },
    });
    const store = await openStore({ projections: [totals] });
    await using sdk = new Sdk();
    using _instrumentation = instrument(store, { tracerProvider: sdk.tracerProvider });
    await store.appendToStream("cart-1", [itemAdded(), itemAdded()]);
    const [append] = sdk.named("append cart");
    expect(sdk.named("project totals")).toMatchObject([
      {
        kind: 0,
        failed: false,
        traceId: append?.traceId,
        parentSpanId: append?.spanId,
        links: [],
        attributes: { "tidemark.projection.name": "totals", "tidemark.projection.version": 2, "messaging.batch.message_count": 2, "tidemark.position": 2 },
      },
    ]);
    // Written together, of two traces.
    await store.transaction((tx) =>
      tx.appendToStreams(
        ["a", "b"].map((of, n) => ({
          streamId: `cart-${of}`,
          events: [{ ...itemAdded(), metadata: { traceparent: `00-${`${n + 1}`.repeat(32)}-${`${n + 1}`.repeat(16)}-01` } }],
        })),
      ),
    );
    const together = sdk.named("project totals")[1];
    expect(together?.parentSpanId).toBeUndefined();
    expect(together?.links).toEqual(["1", "2"].map((digit) => ({ traceId: digit.repeat(32), spanId: digit.repeat(16) })));

    await using worker = store.createWorker({ consumers: [defineConsumer({ name: "mailer", handle: () => {} })], timers: false });
    await worker.start();
    await worker.caughtUp();
    const [page] = sdk.named("follow events");
    expect(page).toMatchObject({
      kind: 2,
      attributes: { "db.operation.name": "follow", "db.system.name": "postgresql", "db.response.returned_rows": 4, "tidemark.position": 4 },
    });
    expect(page?.parentSpanId).toBeUndefined();
  });

  test("measures in seconds, and tells what store.metrics tells", async ({ store, schema }) => {
    await using sdk = new Sdk();
    using _instrumentation = instrument(store, { tracerProvider: sdk.tracerProvider, meterProvider: sdk.meterProvider });
    const began = performance.now();
    await store.appendToStream("cart-1", [itemAdded(), itemAdded()]);
    const seconds = (performance.now() - began) / 1_000;
    const seen: string[] = [];
    const mailer = defineConsumer({ name: "mailer", handle: ({ id }) => void seen.push(id) });
    await using worker = store.createWorker({ consumers: [mailer], timers: false });
    await worker.start();
    await worker.caughtUp();
    await eventually(() => expect(seen).toHaveLength(2));
    const metrics = await sdk.metrics();
    const [appended] =
      metrics.get("messaging.client.operation.duration")?.filter(({ attributes }) => attributes["messaging.operation.name"] === "append") ?? [];
    expect(appended).toMatchObject({ value: { count: 1, buckets: { boundaries: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] } } });
    expect(appended?.value).toMatchObject({ sum: expect.toSatisfy((sum: number) => sum > 0 && sum <= seconds) });
    expect(metrics.get("messaging.client.sent.messages")).toMatchObject([{ value: 2, attributes: { "messaging.destination.name": "cart" } }]);
    expect(metrics.get("messaging.client.consumed.messages")).toMatchObject([{ value: 2, attributes: { "messaging.consumer.group.name": "mailer" } }]);
    expect(metrics.get("messaging.process.duration")).toMatchObject([{ value: { count: 2 } }]);
    expect(metrics.get("tidemark.append.events")).toEqual([{ value: 2, attributes: { "tidemark.schema": schema } }]);
    expect(metrics.get("tidemark.follower.events")).toContainEqual({
      value: 2,
      attributes: expect.objectContaining({ "tidemark.follower.name": "mailer", "tidemark.outcome": "handled" }),
    });
  });

  test("ends with stop, and is of one store", async ({ store, openStore }) => {
    await using sdk = new Sdk();
    const other = await openStore();
    const instrumentation = instrument(store, { tracerProvider: sdk.tracerProvider, meterProvider: sdk.meterProvider });
    expect(() => instrument(store.forTenant("acme"))).toThrow(/instrumented already/);
    await other.appendToStream("cart-1", [itemAdded()]);
    expect(sdk.spans()).toEqual([]);
    await store.appendToStream("cart-2", [itemAdded()]);
    expect(sdk.spans()).toHaveLength(1);
    instrumentation.stop();
    instrumentation.stop();
    await store.appendToStream("cart-2", [itemAdded()]);
    expect(sdk.spans()).toHaveLength(1);
    expect((await store.readStream("cart-2").toArray()).map(({ metadata }) => Object.keys(metadata))).toEqual([["traceparent"], []]);
    instrument(store, { tracerProvider: sdk.tracerProvider }).stop();
  });

  test("says which package is missing, and how to install it", async () => {
    const script = `
      import { registerHooks } from "node:module";
      registerHooks({ resolve: (name, context, next) => next(name === "@opentelemetry/api" ? "@opentelemetry/not-installed" : name, context) });
      const { openEventStore } = await import("tidemark");
      const { instrument } = await import("tidemark/opentelemetry");
      await using store = await openEventStore({ logger: { debug() {}, info() {}, warn() {}, error() {} } });
      try { instrument(store); } catch ({ code, dependency, message }) { console.log(code, dependency, message); }`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=source", "--input-type=module", "--eval", script], {
      cwd: import.meta.dirname,
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    expect(stdout).toBe(
      "MISSING_DEPENDENCY @opentelemetry/api Tracing with OpenTelemetry needs the package @opentelemetry/api. Run: npm install @opentelemetry/api\n",
    );
  });

  test("refuses what is no store, no provider and no option", ({ store }) => {
    expect(() => instrument(Object(7))).toThrow(/store must be what openEventStore returned/);
    expect(() => instrument(store, Object({ tracerProvidr: {} }))).toThrow(/did you mean "?tracerProvider/);
    expect(() => instrument(store, Object({ tracerProvider: {} }))).toThrow(/options.tracerProvider must be a TracerProvider/);
    expect(() => instrument(store, Object({ meterProvider: 7 }))).toThrow(/options.meterProvider must be a MeterProvider/);
    expect(() => instrument(store, Object({ handlerParent: "links" }))).toThrow(/did you mean/);
  });
});
