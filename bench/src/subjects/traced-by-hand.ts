import { type Context, context, propagation, SpanKind, trace } from "@opentelemetry/api";
import { type StoreOptions, withMetadata } from "tidemark";
import { registerSdk } from "./sdk.ts";
import { openTidemark, type TidemarkSubject } from "./tidemark.ts";

const attributes = Object.freeze({
  "messaging.system": "tidemark",
  "messaging.operation.name": "append",
  "messaging.operation.type": "send",
  "messaging.destination.name": "cart",
});

interface ByHand {
  readonly options?: StoreOptions;
  /** Whether each event has the trace in its metadata. */
  readonly keepsTrace: boolean;
}

/** Tidemark without `instrument`: the application makes one span of each append and records how long it took, the least that tracing it can be. */
export async function openTracedByHand(url: string, { options, keepsTrace }: ByHand): Promise<TidemarkSubject> {
  const meterProvider = registerSdk();
  const tracer = trace.getTracer("bench");
  const durations = meterProvider.getMeter("bench").createHistogram("messaging.client.operation.duration", {
    unit: "s",
    advice: { explicitBucketBoundaries: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] },
  });
  const subject = await openTidemark(url, options);
  return {
    ...subject,
    async append(streamId, count, isNew) {
      const parent = context.active();
      const started = performance.now();
      const span = tracer.startSpan("append cart", { kind: SpanKind.PRODUCER, attributes }, parent);
      const within = trace.setSpan(parent, span);
      try {
        const append = (): Promise<number> => subject.append(streamId, count, isNew);
        return await context.with(within, () => (keepsTrace ? withMetadata(traceOf(within), append) : append()));
      } finally {
        span.end();
        durations.record((performance.now() - started) / 1_000, attributes, within);
      }
    },
    async close() {
      await meterProvider.shutdown();
      await subject.close();
    },
  };
}

function traceOf(within: Context): Record<string, string> {
  const carrier: Record<string, string> = {};
  propagation.inject(within, carrier);
  return carrier;
}
