import { type Attributes, type Counter, createNoopMeter, type Histogram, INVALID_SPAN_CONTEXT, type Span, type SpanOptions, trace } from "@opentelemetry/api";
import { instrument } from "tidemark/opentelemetry";
import { itemAdded } from "../support/cart.ts";
import { describe, expect, test } from "../support/test.ts";
import { Sdk } from "./sdk.ts";

/** What a store asks of an SDK: the attributes of each call, by the name of the instrument, and of each span. */
class Asked {
  readonly started: SpanOptions[] = [];
  readonly set: unknown[] = [];
  readonly measured: [string, Attributes | undefined][] = [];
  readonly tracerProvider = { getTracer: () => ({ startSpan: (_name: string, options: SpanOptions = {}) => this.#span(options), startActiveSpan: refuse }) };
  readonly meterProvider = {
    getMeter: () =>
      Object.assign(createNoopMeter(), {
        createHistogram: (name: string): Histogram => ({ record: (_value, attributes) => void this.measured.push([name, attributes]) }),
        createCounter: (name: string): Counter => ({ add: (value, attributes) => void this.measured.push([`${name} ${value}`, attributes]) }),
      }),
  };

  #span(options: SpanOptions): Span {
    this.started.push(options);
    const span = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    return Object.assign(span, {
      setAttribute: (...given: unknown[]) => (this.set.push(given), span),
      setAttributes: (...given: unknown[]) => (this.set.push(given), span),
      setStatus: (...given: unknown[]) => (this.set.push(given), span),
    });
  }
}

function refuse(): never {
  throw new Error("not expected");
}

describe("what instrument asks of the SDK", () => {
  test("is for appends alike the same object, made once, and nothing more for a span that is not recorded", async ({ store }) => {
    const asked = new Asked();
    const instrumentation = instrument(store, { tracerProvider: asked.tracerProvider, meterProvider: asked.meterProvider });
    await store.appendToStream("cart-1", [itemAdded()]);
    await store.appendToStream("cart-2", [itemAdded()]);
    for (const _ of ["once", "again"]) await store.appendToStream("cart-1", [itemAdded()], { expectedVersion: 9 }).catch(() => {});
    const [first, second] = asked.started.map(({ attributes }) => attributes);
    expect(first).toMatchObject({ "messaging.destination.name": "cart", "db.operation.name": "appendToStream" });
    expect(second).toBe(first);
    const [one, two, failed, failedAgain] = asked.measured.map(([, attributes]) => attributes);
    expect(two).toBe(one);
    expect(failed).toMatchObject({ "error.type": "VERSION_CONFLICT" });
    expect(failedAgain).toBe(failed);
    expect(asked.set).toEqual([]);
    // Events are added up until somebody collects, or it ends.
    const counted = (): string[] => asked.measured.map(([name]) => name).filter((name) => name.includes("messages"));
    expect(counted()).toEqual([]);
    instrumentation.stop();
    expect(counted()).toEqual(["messaging.client.sent.messages 2", "messaging.client.sent.messages 2"]);
  });

  test("counts each event once, whenever it is collected", async ({ store }) => {
    await using sdk = new Sdk();
    const instrumentation = instrument(store, { tracerProvider: sdk.tracerProvider, meterProvider: sdk.meterProvider });
    const sent = async (): Promise<unknown> => (await sdk.metrics()).get("messaging.client.sent.messages")?.map(({ value }) => value);
    await store.appendToStream("cart-1", [itemAdded(), itemAdded()]);
    expect(await sent()).toEqual([2]);
    await store.appendToStream("cart-1", [itemAdded()]);
    expect([await sent(), await sent()]).toEqual([[3], [3]]);
    await store.appendToStream("cart-2", [itemAdded()]);
    instrumentation.stop();
    expect(await sent()).toEqual([4]);
  });
});
