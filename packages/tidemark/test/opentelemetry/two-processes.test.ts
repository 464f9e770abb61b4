import { fork } from "node:child_process";
import { once } from "node:events";
import { trace } from "@opentelemetry/api";
import { instrument } from "tidemark/opentelemetry";
import { itemAdded } from "../support/cart.ts";
import { describe, expect, test } from "../support/test.ts";
import type { Orders } from "./handler-process.ts";
import { type FinishedSpan, Sdk } from "./sdk.ts";

/** Runs the worker in a process of its own, until it has caught up, and returns its spans. */
async function handleElsewhere(orders: Orders): Promise<readonly FinishedSpan[]> {
  const child = fork(new URL("./handler-process.ts", import.meta.url), { execArgv: ["--conditions=source"], env: { ...process.env, NODE_OPTIONS: "" } });
  const ended = once(child, "exit");
  const spans: FinishedSpan[] = [];
  child.on("message", (reported: FinishedSpan[]) => void spans.push(...reported));
  child.send(orders);
  expect(await ended).toEqual([0, null]);
  return spans;
}

describe("a trace", () => {
  test.for(["link", "event"] as const)(
    "goes on from an append to its handler in another process, by its %s",
    async (handlerParent, { store, schema, databaseUrl }) => {
      await using sdk = new Sdk();
      using _instrumentation = instrument(store, { tracerProvider: sdk.tracerProvider, meterProvider: sdk.meterProvider });
      await trace.getTracer("shop").startActiveSpan("request", async (span) => {
        await store.appendToStream("cart-1", [itemAdded()]);
        span.end();
      });
      const [request] = sdk.named("request");
      const [append] = sdk.named("append cart");
      expect(append).toMatchObject({ traceId: request?.traceId, parentSpanId: request?.spanId });
      const [stored] = await store.readStream("cart-1").toArray();
      expect(stored?.metadata.traceparent).toBe(`00-${append?.traceId}-${append?.spanId}-01`);

      const elsewhere = await handleElsewhere({ url: databaseUrl, schema, handlerParent });
      const [handled] = elsewhere.filter(({ name }) => name === "process mailer");
      expect(handled?.links).toEqual([{ traceId: append?.traceId, spanId: append?.spanId }]);
      if (handlerParent === "event") expect(handled).toMatchObject({ traceId: append?.traceId, parentSpanId: append?.spanId });
      else expect(handled?.traceId).not.toBe(append?.traceId);
      if (handlerParent === "link") expect(handled?.parentSpanId).toBeUndefined();
      // What the handler does is in its span, and what it appends leads there.
      const [mailed] = elsewhere.filter(({ name }) => name === "append mail");
      expect(mailed).toMatchObject({ traceId: handled?.traceId, parentSpanId: handled?.spanId });
      const [mail] = await store.readStream("mail-1").toArray();
      expect(mail?.metadata.traceparent).toBe(`00-${mailed?.traceId}-${mailed?.spanId}-01`);
    },
  );
});
