import { encodeJson } from "../arguments/json.ts";
import { type EventCodec, decodedParts } from "../catalogue/event-codec.ts";
import { asDecided, categoryOf, type Event, type NewEvent } from "../model/event.ts";

/** Where decided events will stand, if nothing comes in between. */
export interface DecidedPlace {
  readonly streamId: string;
  /** Of the stream as it was read. */
  readonly version: number;
  /** How many events were decided before. */
  readonly before: number;
}

/**
 * Decided events as `evolve` sees them: with the data that readers will get, where a catalogue has defaults and stored forms. They have
 * no place in the log yet.
 *
 * @throws {@link UnknownEventTypeError}, {@link EventValidationError} — the append would be refused.
 */
export async function asRead<E extends Event>(codec: EventCodec, decided: readonly NewEvent[], place: DecidedPlace): Promise<readonly NewEvent<E>[]> {
  const { encode } = codec;
  const decoder = codec.decoder();
  if (!encode || !decoder.decode) return decided.map((event) => asDecided<E>(event));
  const { streamId, version, before } = place;
  const category = categoryOf(streamId);
  const events: NewEvent<E>[] = [];
  for (const [index, event] of decided.entries()) {
    const path = `events[${before + index}].data`;
    const { data, schemaVersion } = await encode(event.type, event.data, () => path);
    const { type, id = "", metadata = {}, tags = [] } = event;
    const at = { streamId, category, version: version + before + index + 1, position: 0, recordedAt: new Date(0), tenant: "" };
    const stored = { type, data: JSON.parse(encodeJson(data, path)), id, metadata, tags, schemaVersion, ...at };
    for (const part of decodedParts(stored, decoder)) events.push(asDecided<E>({ ...event, type: part.type, data: part.data }));
  }
  return events;
}
