import { describeValue } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { RecordedEvent } from "../model/event.ts";
import type { EventCatalogue } from "../model/event-catalogue.ts";
import { DefinedEvents } from "./defined-events.ts";
import type { DecodeOptions, EventCodec, EventDecoder, ShapeFilter } from "./event-codec.ts";
import { decodeEvents, type Reading, versionsAsStored } from "./event-decoder.ts";
import { encodeShape } from "./event-encoder.ts";
import { readerShapes } from "./reader-shapes.ts";
import { narrowing, widenFilter } from "./shape-filter.ts";
import { refuseAsynchronous } from "./synchronous.ts";
import type { UnknownEvents } from "./unknown-events.ts";

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
  if (!(catalogue instanceof DefinedEvents)) {
    throw new InvalidArgumentError(path, `must be a catalogue made by defineEvents of this copy of tidemark, not ${describeValue(catalogue)}`);
  }
  return new CatalogueCodec(catalogue, options);
}

class CatalogueCodec implements EventCodec {
  readonly fingerprint: string;
  readonly encode: NonNullable<EventCodec["encode"]>;
  readonly #catalogue: DefinedEvents;
  /** Of a reader that wants everything in its newest shape. */
  readonly #reading: Reading;
  readonly #decode: NonNullable<EventDecoder["decode"]>;

  constructor(catalogue: DefinedEvents, { unknownEvents = "error", validateReads = false, onSkipped }: CodecOptions) {
    if (validateReads) refuseAsynchronous(catalogue);
    // A state in which unknown events are left out, or counted as they are stored, is no state of a store that refuses them.
    this.fingerprint = unknownEvents === "error" ? catalogue.fingerprint : `${catalogue.fingerprint} ${unknownEvents}`;
    this.encode = (type, data, at) => encodeShape(catalogue, type, data, at);
    this.#catalogue = catalogue;
    this.#reading = {
      catalogue,
      unknownEvents,
      validateReads,
      onSkipped,
      older: new Map(),
      asStored: versionsAsStored(catalogue, validateReads),
      narrow: undefined,
      narrowAsStored: undefined,
    };
    this.#decode = decodeEvents(this.#reading);
  }

  storedTypes(types: readonly string[]): readonly string[] {
    return this.#catalogue.storedTypes.of(types);
  }

  decoder<Item extends ShapeFilter>({ filter, as, raw = false, skipNothing = false }: DecodeOptions<Item> = {}): EventDecoder<Item> {
    const older = as && readerShapes(this.#catalogue, as);
    if (raw) return { filter, decode: undefined };
    const wide = filter && widenFilter(this.#catalogue, filter);
    const isAsked = filter?.some(({ types, data }) => types !== undefined || data !== undefined) ?? false;
    const refuses = skipNothing && this.#reading.unknownEvents === "skip";
    if (!isAsked && !older?.size && !refuses) return { filter: wide, decode: this.#decode };
    const narrow = filter && isAsked ? narrowing(filter) : undefined;
    const reading: Reading = {
      ...this.#reading,
      ...(refuses && { unknownEvents: "error" as const }),
      narrow,
      // What the log found by the reader's own filter, and what stays as it is, needs no second look.
      narrowAsStored: wide === filter ? undefined : narrow,
      ...(older?.size ? { older, asStored: versionsAsStored(this.#catalogue, this.#reading.validateReads, older) } : {}),
    };
    return { filter: wide, decode: decodeEvents(reading) };
  }
}
