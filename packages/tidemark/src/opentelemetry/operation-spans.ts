import { type TracingChannel, tracingChannel } from "node:diagnostics_channel";
import type { Attributes, Context, Span, Tracer } from "@opentelemetry/api";
import { isTidemarkError } from "../errors/errors.ts";
import type { TracedOperations } from "../tracing/messages.ts";
import type { TracedStore } from "../tracing/traced-store.ts";
import type { Api } from "./api.ts";
import { errorType, tidemark } from "./attributes.ts";
import type { OperationMetrics } from "./durations.ts";
import type { SpanPlan } from "./span-plan.ts";

/** What the spans of all channels of one store share. */
export interface SpanSettings {
  readonly api: Api;
  readonly tracer: Tracer;
  readonly metrics: OperationMetrics;
  readonly store: TracedStore;
  /** What every span has. */
  readonly common: Attributes;
}

interface Begun {
  readonly span: Span;
  readonly context: Context;
  readonly at: number;
}

/** Makes a span and metrics of each operation of a channel. Returns what ends that. */
export function spansOf<Channel extends keyof TracedOperations>(settings: SpanSettings, name: Channel, plan: SpanPlan<TracedOperations[Channel]>): () => void {
  const { api, tracer, metrics, store, common } = settings;
  const channel: TracingChannel<unknown, TracedOperations[Channel]> = tracingChannel<unknown, TracedOperations[Channel]>(name);
  const open = new Map<object, Begun>();

  function begin(message: TracedOperations[Channel]): void {
    // Another store's.
    if (message.store !== store) return;
    const parent = plan.parent?.(message) ?? api.context.active();
    const links = plan.links?.(message);
    const attributes: Attributes = { ...common, ...plan.attributes(message) };
    if (message.tenant !== "") attributes[tidemark.tenant] = message.tenant;
    const span = tracer.startSpan(plan.name(message), { kind: plan.kind, attributes, ...(links && { links }) }, parent);
    const context = api.trace.setSpan(parent, span);
    plan.carry?.(message, context);
    open.set(message, { span, context, at: performance.now() });
    const { within } = message;
    message.within = (work) => api.context.with(context, within ? () => within(work) : work);
  }

  function end(message: TracedOperations[Channel]): void {
    const begun = open.get(message);
    if (!begun) return;
    open.delete(message);
    const { span, context, at } = begun;
    const failure = "error" in message ? { [errorType]: typeOf(message.error) } : undefined;
    if (failure) {
      span.setAttributes(failure);
      span.setStatus({ code: api.SpanStatusCode.ERROR });
    } else if (plan.ended) {
      span.setAttributes(plan.ended(message));
    }
    span.end();
    const measured = plan.measured(message);
    metrics.record(failure ? { ...measured, attributes: { ...measured.attributes, ...failure } } : measured, (performance.now() - at) / 1_000, context);
  }

  const subscribers = {
    start: begin,
    /** What returned no promise has ended by then. */
    end(message: TracedOperations[Channel]): void {
      if ("result" in message || "error" in message) end(message);
    },
    asyncStart: ignore,
    asyncEnd: end,
    error: ignore,
  };
  channel.subscribe(subscribers);
  return () => channel.unsubscribe(subscribers);
}

function ignore(): void {}

/** Few for all errors: our codes, and else the name of a class. */
function typeOf(error: unknown): string {
  if (isTidemarkError(error)) return error.code;
  return error instanceof Error ? error.name : "_OTHER";
}
