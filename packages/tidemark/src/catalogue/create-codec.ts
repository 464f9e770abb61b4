import { oneOf } from "../arguments/checks.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { RecordedEvent } from "../model/event.ts";
import type { EventCatalogue } from "./catalogue.ts";
import { DefinedEvents } from "./defined-events.ts";
import { type EventCodec, plainEvents } from "./event-codec.ts";

/** What a reader gets of events that the catalogue does not know: an error, nothing, or what is stored. */
export type UnknownEvents = "error" | "skip" | "pass";

export const checkUnknownEvents: (value: unknown, path: string) => UnknownEvents = oneOf("error", "skip", "pass");

/** How a store reads with its catalogue. */
export interface CodecOptions {
  /** @defaultValue "error" */
  readonly unknownEvents?: UnknownEvents | undefined;
  /**
   * Whether to check data also when it is read, after it was brought up to date. The schemas have to be synchronous and to accept what
   * they return.
   *
   * @defaultValue false
   */
  readonly validateReads?: boolean | undefined;
  /** Counts the events that `unknownEvents: "skip"` leaves out. */
  readonly onSkipped?: ((event: RecordedEvent) => void) | undefined;
}

/** The codec of a store with this catalogue. @throws {@link InvalidArgumentError} — at `path`, for anything but a catalogue. */
export function createCodec(catalogue: EventCatalogue, options: CodecOptions = {}, path = "options.events"): EventCodec {
  if (!(catalogue instanceof DefinedEvents)) throw new InvalidArgumentError(path, `must be a catalogue made by defineEvents, not ${describeValue(catalogue)}`);
  void options;
  return plainEvents;
}
