import { type EventDecoder, decodedParts } from "../catalogue/event-codec.ts";
import type { RecordedEvent } from "../model/event.ts";
import { errorDetails } from "../database/error-details.ts";

/** The event of a dead letter, as it is shown. */
export interface LetterEvent {
  readonly event: RecordedEvent;
  readonly decodeError: { readonly code: string | undefined; readonly message: string } | undefined;
}

/** A letter can be shown whatever today's code makes of its event: mostly, that it cannot be decoded is why there is a letter. */
export function letterEvent(stored: RecordedEvent, decoder: Pick<EventDecoder, "decode">): LetterEvent {
  // A message of the outbox, which no catalogue knows.
  if (stored.version === 0) return { event: stored, decodeError: undefined };
  try {
    const [event = stored] = decodedParts(stored, decoder);
    return { event, decodeError: undefined };
  } catch (error) {
    const { code, message } = errorDetails(error);
    return { event: stored, decodeError: { code: code ?? undefined, message } };
  }
}
