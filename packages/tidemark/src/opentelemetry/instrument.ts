import type { Attributes } from "@opentelemetry/api";
import { describeValue } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { storeAttributes } from "../operations/metrics/store-attributes.ts";
import type { EventStore } from "../store/event-store.ts";
import type { TracedOperations } from "../tracing/messages.ts";
import { tracedChannels } from "../tracing/operations.ts";
import { tracedPlaceOf, type TracedStore } from "../tracing/traced-store.ts";
import { loadApi } from "./api.ts";
import { db, server } from "./attributes.ts";
import { OperationMetrics } from "./durations.ts";
import { observeMetrics } from "./observed-metrics.ts";
import { spansOf, type SpanSettings } from "./operation-spans.ts";
import { checkInstrumentOptions, type InstrumentOptions } from "./options.ts";
import type { SpanPlans } from "./span-plan.ts";
import { spanPlans } from "./span-plans.ts";

/**
 * What `instrument` returns.
 *
 * @example
 * ```ts
 * const end = (instrumentation: Instrumentation): void => instrumentation.stop();
 * ```
 */
export interface Instrumentation extends Disposable {
  /** Ends spans and metrics. Operations that are under way have no span then. May be called again. */
  stop(): void;
}

const instrumented = new WeakSet<TracedStore>();

/**
 * Makes spans and metrics of what a store does, by OpenTelemetry's semantic conventions: of appends, readings, commands, handlers, checkpoints,
 * timers and rebuilds of all tenants. Each appended event carries the trace in its metadata (`traceparent`), in whatever process it was
 * appended, and the span of a handler leads back there. Call it once a store, as soon as it is open.
 *
 * Register a tracer provider before, with a context manager and a propagator, as the NodeSDK does: without them spans do not know each other.
 *
 * @throws {@link InvalidArgumentError} — `store` is none, or instrumented already; an option is unknown or invalid.
 * @throws {@link MissingDependencyError} — `@opentelemetry/api` is not installed.
 *
 * @example
 * ```ts
 * const instrumentation = instrument(store);
 * instrumentation.stop();
 * ```
 */
export function instrument(store: EventStore, options?: InstrumentOptions): Instrumentation {
  const traced = checkStore(store);
  const checked = checkInstrumentOptions(options);
  const api = loadApi();
  const tracer = (checked.tracerProvider ?? api.trace.getTracerProvider()).getTracer("tidemark");
  const meter = (checked.meterProvider ?? api.metrics.getMeterProvider()).getMeter("tidemark");
  const metrics = new OperationMetrics(meter);
  const settings = { api, tracer, metrics, store: traced };
  const tellCounts = (): void => metrics.tellCounts();
  const ends = [
    ...allSpans(settings, spanPlans(api, checked, { common: attributesOf(traced), measured: storeAttributes(traced) })),
    observeMetrics(meter, () => store.metrics(), storeAttributes(traced), tellCounts),
    tellCounts,
  ];
  instrumented.add(traced);
  const stop = (): void => {
    for (const end of ends.splice(0)) end();
    instrumented.delete(traced);
  };
  return { stop, [Symbol.dispose]: stop };
}

function checkStore(store: unknown): TracedStore {
  const traced = typeof store === "object" && store !== null ? tracedPlaceOf(store)?.store : undefined;
  if (!traced) throw new InvalidArgumentError("store", `must be what openEventStore returned, not ${describeValue(store)}`);
  if (instrumented.has(traced)) throw new InvalidArgumentError("store", "is instrumented already. Stop that instrumentation first");
  return traced;
}

function attributesOf({ schema, driver, host, port, database }: TracedStore): Attributes {
  return {
    [db.system]: "postgresql",
    [db.namespace]: database === undefined ? schema : `${database}|${schema}`,
    ...(host !== undefined && { [server.address]: host, [server.port]: port }),
    ...storeAttributes({ schema, driver }),
  };
}

function allSpans(settings: SpanSettings, plans: SpanPlans): (() => void)[] {
  const one = <Channel extends keyof TracedOperations>(channel: Channel): (() => void) => spansOf(settings, channel, plans[channel]);
  return tracedChannels.map((channel) => one(channel));
}
