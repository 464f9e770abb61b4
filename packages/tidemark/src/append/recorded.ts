import { categoryOf, type RecordedEvent } from "../model/event.ts";
import { recordedEvent } from "../model/recorded-event.ts";
import type { EncodedAppend } from "./encoded.ts";
import type { Outcome } from "./outcome.ts";

/** What the database gave to the events of a part: their positions are those from `first` on. */
export interface Written {
  readonly positions: readonly number[];
  readonly first: number;
  /** Milliseconds since 1970. */
  readonly recordedAt: number;
}

/**
 * The events that an append wrote, as they are in the log now, in the order of their positions: made of what was sent and of
 * what the database answered, so that they need not be read. Undefined where the answer does not say enough.
 */
export function recordedEvents({ parts, repeated }: Extract<Outcome, { kind: "written" }>): readonly RecordedEvent[] | undefined {
  if (repeated) return undefined;
  const recorded: RecordedEvent[] = [];
  for (const { part, version, written } of parts) {
    if (part.events.length > 0 && !written) return undefined;
    const { tenant, streamId } = part;
    const category = categoryOf(streamId);
    for (const [index, event] of part.events.entries()) {
      const position = written?.positions[written.first + index];
      if (!written || position === undefined) return undefined;
      recorded.push(
        recordedEvent(event, {
          id: event.id,
          streamId,
          category,
          tenant,
          version: version - part.events.length + index + 1,
          position,
          recordedAt: written.recordedAt,
        }),
      );
    }
  }
  return parts.length === 1 ? recorded : recorded.sort((a, b) => a.position - b.position);
}

/** Calls `onRecorded` with what the append wrote now. */
export function tellRecorded({ onRecorded }: EncodedAppend, outcome: Extract<Outcome, { kind: "written" }>): void {
  const events = onRecorded && recordedEvents(outcome);
  if (!events || events.length === 0) return;
  try {
    onRecorded(events);
  } catch (error) {
    // The append has succeeded, and must not look as if it had not.
    queueMicrotask(() => {
      throw error;
    });
  }
}
