import { quoteStep } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { RecordedEvent } from "../model/event.ts";

/** The newest version of each type's shape that a reader knows: `{ CartConfirmed: 2 }`. */
export type ReaderVersions = Readonly<Record<string, number>>;

/** A filter's alternative. Types and data depend on the shape of events; the rest is the same before and after decoding. */
export interface ShapeFilter {
  readonly types?: readonly string[];
  /** JSON that the event's data contains. */
  readonly data?: string;
  /** Events in a newer version of their shape than the first match whatever their data says, so that the reader meets what it does not know. */
  readonly orNewer?: true;
  readonly categories?: readonly string[];
  readonly streamIds?: readonly string[];
  readonly tags?: readonly string[];
  readonly prefix?: string;
  readonly since?: Date;
}

/** An event's data as it is stored: plain JSON, with the version of its shape. */
export interface StoredShape {
  readonly data: unknown;
  readonly schemaVersion: number;
}

/** How a reader wants its events. */
export interface DecodeOptions<Item extends ShapeFilter = ShapeFilter> {
  /** As the reader means it: by today's types, and by the stored form of their newest shapes. */
  readonly filter?: readonly Item[] | undefined;
  /** Older shapes that the reader still knows. */
  readonly as?: ReaderVersions | undefined;
  /** Whether to give events as they are stored. */
  readonly raw?: boolean | undefined;
  /** Whether an unknown event is an error also where the store skips such events: what the caller settles must not be settled unseen. */
  readonly skipNothing?: boolean | undefined;
}

/** Turns stored events into those of today's code, for one reading. */
export interface EventDecoder<Item extends ShapeFilter = ShapeFilter> {
  /** What to look for in the log: everything that can become a match, and perhaps more. */
  readonly filter: readonly Item[] | undefined;
  /**
   * Adds to `into` what a stored event is to this reader: itself, its newest shape, several events, or nothing. They share id, version
   * and position, and carry `part` if there are several. Undefined: each event is what is stored.
   *
   * @param isOwn - Whether nothing else has the event, so that its steps may change it. Then one copy is saved. Undefined counts as false.
   * @throws {@link UnknownEventTypeError} — the catalogue does not know the type or its version.
   * @throws {@link EventDecodingError} — a step failed, or its result does not fit.
   */
  readonly decode: ((event: RecordedEvent, into: RecordedEvent[], isOwn?: boolean) => void) | undefined;
}

/** What lies between an application's events and the log: shapes are checked and encoded on their way in, brought up to date on their way out. */
export interface EventCodec {
  /** Differs where the same stored events may be read as others. `""` without a catalogue. */
  readonly fingerprint: string;
  /**
   * What to store of an event's data. Undefined: data is stored as it is, as version 1 of its shape. A promise where a schema is
   * asynchronous.
   *
   * @param at - The path of the event's data in the call: `events[2].data`.
   * @throws {@link UnknownEventTypeError}, {@link EventValidationError}
   */
  readonly encode: ((type: string, data: unknown, at: () => string) => StoredShape | Promise<StoredShape>) | undefined;
  /** The stored types of which an event of one of these types can have been made, and these types themselves. */
  storedTypes(types: readonly string[]): readonly string[];
  decoder<Item extends ShapeFilter>(options?: DecodeOptions<Item>): EventDecoder<Item>;
}

/** The codec of a store without a catalogue: what is stored is what was given. */
export const plainEvents: EventCodec = {
  fingerprint: "",
  encode: undefined,
  storedTypes: (types) => types,
  decoder({ filter, as = {} } = {}) {
    const [type] = Object.keys(as);
    if (type === undefined) return { filter, decode: undefined };
    throw new InvalidArgumentError(`options.as${quoteStep(type)}`, "needs a catalogue: open the store with the option events");
  },
};

/** What a stored event is to a reader, in an array of its own. */
export function decodedParts(event: RecordedEvent, { decode }: Pick<EventDecoder, "decode">): readonly RecordedEvent[] {
  if (!decode) return [event];
  const parts: RecordedEvent[] = [];
  decode(event, parts);
  return parts;
}
