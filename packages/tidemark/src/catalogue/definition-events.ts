import { describeValue } from "../arguments/describe-value.ts";
import { didYouMean } from "../arguments/suggest.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { EventCatalogue } from "../model/event-catalogue.ts";
import { DefinedEvents } from "./defined-events.ts";
import type { EventCodec } from "./event-codec.ts";

/** The `events` of a definition: what a consumer, a projection or another part of an application takes to have its events' types. */
export function checkDefinitionEvents(value: unknown, path: string): EventCatalogue {
  if (value instanceof DefinedEvents) return value;
  throw new InvalidArgumentError(path, `must be a catalogue made by defineEvents, not ${describeValue(value)}`);
}

/**
 * Refuses a name that the definition's catalogue does not have: nothing would ever match it, a retired one included.
 *
 * @throws {@link InvalidArgumentError}
 */
export function checkDefinitionTypes(catalogue: EventCatalogue | undefined, types: readonly string[], path: string): void {
  if (!catalogue) return;
  const unknown = types.find((type) => !catalogue.types.includes(type));
  if (unknown === undefined) return;
  throw new InvalidArgumentError(
    path,
    `names ${JSON.stringify(unknown)}, which is no event type of the definition's catalogue${didYouMean(unknown, catalogue.types)}`,
  );
}

/**
 * A definition with a catalogue expects events as that catalogue reads them, and the store's codec is what reads.
 *
 * @throws {@link InvalidArgumentError} — the store was opened without a catalogue.
 */
export function refuseWithoutCatalogue(codec: EventCodec, catalogue: EventCatalogue | undefined, what: string, path: string): void {
  if (!catalogue || codec.fingerprint !== "") return;
  throw new InvalidArgumentError(
    path,
    `holds ${what}, which is defined with a catalogue of events, but this store was opened without one: its events would come as they are stored. Open it with openEventStore(url, { events })`,
  );
}
