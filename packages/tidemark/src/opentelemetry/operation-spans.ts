import { type TracingChannel, tracingChannel } from "node:diagnostics_channel";
import type { Context, Span, Tracer } from "@opentelemetry/api";
import { isTidemarkError } from "../errors/errors.ts";
import type { TracedOperations } from "../tracing/messages.ts";
import type { TracedStore } from "../tracing/traced-store.ts";
import type { Api } from "./api.ts";
import { errorType, tidemark } from "./attributes.ts";
import type { OperationMetrics } from "./durations.ts";
import type { Measured, SpanPlan } from "./span-plan.ts";

/** What the spans of all channels of one store share. */
export interface SpanSettings {
  readonly api: Api;
  readonly tracer: Tracer;
  readonly metrics: OperationMetrics;
  readonly store: TracedStore;
}

interface Begun {
  readonly span: Span;
  readonly context: Context;
  readonly measured: Measured;
  readonly at: number;
}

/** Makes a span and metrics of each operation of a channel. Returns what ends that. */
export function spansOf<Channel extends keyof TracedOperations>(settings: SpanSettings, name: Channel, plan: SpanPlan<TracedOperations[Channel]>): () => void {
  const { api, tracer, metrics, store } = settings;
  const { kind } = plan;
  const channel: TracingChannel<unknown, TracedOperations[Channel]> = tracingChannel<unknown, TracedOperations[Channel]>(name);
  const open = new Map<object, Begun>();

  function begin(message: TracedOperations[Channel]): void {
    // Another store's.
    if (message.store !== store) return;
    const parent = plan.parent?.(message) ?? api.context.active();
    const links = plan.links?.(message);
    const { name: called, attributes: own, measured } = plan.describe(message);
    const attributes = message.tenant === "" ? own : { ...own, [tidemark.tenant]: message.tenant };
    const span = tracer.startSpan(called, links ? { kind, attributes, links } : { kind, attributes }, parent);
    const context = api.trace.setSpan(parent, span);
    plan.carry?.(message, context);
    open.set(message, { span, context, measured, at: performance.now() });
    const { within } = message;
    message.within = (work) => api.context.with(context, within ? () => within(work) : work);
  }

  function end(message: TracedOperations[Channel]): void {
    const begun = open.get(message);
    if (!begun) return;
    open.delete(message);
    const { span, context, measured, at } = begun;
    const failure = "error" in message ? typeOf(message.error) : undefined;
    // One that a sampler left out takes nothing.
    if (span.isRecording()) {
      if (failure !== undefined) {
        span.setAttribute(errorType, failure);
        span.setStatus({ code: api.SpanStatusCode.ERROR });
      } else if (plan.ended) {
        span.setAttributes(plan.ended(message));
      }
    }
    span.end();
    metrics.record(measured, failure, plan.events?.(message) ?? 0, (performance.now() - at) / 1_000, context);
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
