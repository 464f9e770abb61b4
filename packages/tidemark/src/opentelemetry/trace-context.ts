import type { Context, Link } from "@opentelemetry/api";
import type { EventMetadata } from "../model/event.ts";
import type { HandledEvent } from "../tracing/messages.ts";
import type { Api } from "./api.ts";

/** Of one span: what OpenTelemetry's SDK keeps by default. */
const mostLinks = 128;

/** What of a context is kept with an event: where its trace goes on. Baggage is not: it would stay in the log for ever. */
export function metadataOf(api: Api, context: Context): EventMetadata | undefined {
  const carrier: Record<string, string> = {};
  api.propagation.inject(context, carrier);
  const { traceparent, tracestate } = carrier;
  if (traceparent === undefined) return undefined;
  return { traceparent, ...(tracestate !== undefined && tracestate !== "" && { tracestate }) };
}

/** The context that an event was appended in. Undefined: it carries none. */
export function contextOf(api: Api, { traceparent, tracestate }: HandledEvent): Context | undefined {
  if (traceparent === undefined) return undefined;
  const context = api.propagation.extract(api.ROOT_CONTEXT, { traceparent, ...(tracestate !== undefined && { tracestate }) });
  return api.trace.getSpanContext(context) && context;
}

/** The context that all of these events were appended in. Undefined: they carry none, or several. */
export function contextOfAll(api: Api, events: readonly HandledEvent[]): Context | undefined {
  const [first] = events;
  return first && events.every(({ traceparent }) => traceparent === first.traceparent) ? contextOf(api, first) : undefined;
}

/** Links to the spans that appended these events: one for each span. */
export function linksTo(api: Api, events: readonly HandledEvent[]): Link[] {
  const links = new Map<string, Link>();
  for (const event of events) {
    if (links.size >= mostLinks) break;
    if (event.traceparent === undefined || links.has(event.traceparent)) continue;
    const from = contextOf(api, event);
    const context = from && api.trace.getSpanContext(from);
    if (context) links.set(event.traceparent, { context });
  }
  return [...links.values()];
}
