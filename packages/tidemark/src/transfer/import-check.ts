import { quoteText } from "../arguments/describe-value.ts";
import type { DefinedEvents } from "../catalogue/defined-events.ts";
import { categoryOf } from "../model/event.ts";
import { recordedEvent } from "../model/recorded-event.ts";
import { EventCheck } from "./event-check.ts";
import type { ImportEvent } from "./import-event.ts";

/** What is wrong with an event of an import. Undefined: nothing. */
export type ImportCheck = (event: ImportEvent) => Promise<string | undefined>;

/**
 * Reads events of an import as a store with a catalogue will: those of older versions and of retired types by their steps.
 *
 * @param validates - Whether the schemas check what came of it.
 */
export function importCheck(catalogue: DefinedEvents, validates: boolean): ImportCheck {
  const check = new EventCheck(catalogue, validates);
  return async (event) => {
    const { tenant, streamId, id, version = 1, position = 0 } = event;
    const recordedAt = event.recordedAt ?? Date.now();
    const [problem] = await check.problemsOf(recordedEvent(event, { id, streamId, category: categoryOf(streamId), version, position, recordedAt, tenant }));
    // The line's number stands before the reason, and a position is yet to be given.
    return problem?.message
      .replace(`The event at position ${position} in stream ${quoteText(streamId)} `, "")
      .replace(`, at position ${position} cannot`, " cannot");
  };
}
