import type { RecordedEvent } from "../model/event.ts";
import type { HandledEvent } from "./messages.ts";

/** What messages tell of an event. */
export function handledEvent({ id, type, category, streamId, version, position, metadata }: RecordedEvent): HandledEvent {
  const { traceparent, tracestate, correlationId } = metadata;
  return {
    id,
    type,
    category,
    streamId,
    version,
    position,
    ...(typeof traceparent === "string" && { traceparent }),
    ...(typeof tracestate === "string" && { tracestate }),
    ...(typeof correlationId === "string" && { correlationId }),
  };
}
