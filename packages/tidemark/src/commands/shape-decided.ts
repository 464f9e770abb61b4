import { encodeJson } from "../arguments/json.ts";
import { withShape } from "../append/shaped-event.ts";
import { type EventCodec, decodedParts } from "../catalogue/event-codec.ts";
import { asDecided, categoryOf, type Event, type NewEvent } from "../model/event.ts";

/** Decided events, with a catalogue's defaults and stored forms. */
export interface ShapedDecision<E extends Event> {
  /** For the append, which stores just that. */
  readonly append: readonly NewEvent[];
  /** As `evolve` sees them: with the data that readers will get. They have no place in the log yet. */
  readonly read: readonly NewEvent<E>[];
}

/** Where decided events will stand, if nothing comes in between. */
export interface DecidedPlace {
  readonly streamId: string;
  /** Of the stream as it was read. */
  readonly version: number;
  /** How many events were decided before. */
  readonly before: number;
}

/**
 * Asks the catalogue once what is stored of decided events: a schema may fill in something else each time, and commands that follow are
 * decided on what was folded.
 *
 * @param prepared - The decided events with the command's metadata and ids, which `evolve` does not see.
 * @throws {@link UnknownEventTypeError}, {@link EventValidationError} — the append would be refused.
 */
export async function shapeDecided<E extends Event>(
  codec: EventCodec,
  { decided, prepared }: { readonly decided: readonly NewEvent[]; readonly prepared: readonly NewEvent[] },
  { streamId, version, before }: DecidedPlace,
): Promise<ShapedDecision<E>> {
  const { encode } = codec;
  const decoder = codec.decoder();
  if (!encode || !decoder.decode) return { append: prepared, read: decided.map((event) => asDecided<E>(event)) };
  const category = categoryOf(streamId);
  const append: NewEvent[] = [];
  const read: NewEvent<E>[] = [];
  for (const [index, event] of decided.entries()) {
    const path = `events[${before + index}].data`;
    const { data, schemaVersion } = await encode(event.type, event.data, () => path);
    const text = encodeJson(data, path);
    // Copies: evolve may change what it gets, and the schema may have returned the object that decide still holds.
    append.push(withShape(prepared[index] ?? event, encode, { data: JSON.parse(text), schemaVersion }));
    const { type, id = "", metadata = {}, tags = [] } = event;
    const at = { streamId, category, version: version + before + index + 1, position: 0, recordedAt: new Date(0), tenant: "" };
    const stored = { type, data: JSON.parse(text), id, metadata, tags, schemaVersion, ...at };
    for (const part of decodedParts(stored, decoder)) read.push(asDecided<E>({ ...event, type: part.type, data: part.data }));
  }
  return { append, read };
}
