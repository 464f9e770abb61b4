import { checkEventType, isEventType } from "../arguments/names.ts";
import { isRecord } from "../arguments/options.ts";
import { plainCopy } from "../catalogue/plain-copy.ts";
import type { EventCodec, StoredShape } from "../catalogue/event-codec.ts";
import { type PathTo, readEvent } from "./encode-event.ts";
import type { PartPath } from "./encode.ts";
import { shapeOf } from "./shaped-event.ts";
import type { StreamAppend } from "./types.ts";

/** Appends whose events have their stored data. */
export interface ShapedAppends {
  readonly appends: readonly StreamAppend[];
  /** The version of each event's shape, over all parts. */
  readonly versions: readonly number[];
}

type Encode = NonNullable<EventCodec["encode"]>;

/**
 * Gives every event to the catalogue, which checks its data and says what of it is stored. A promise where a schema is asynchronous. What
 * is no event throws the same errors as without a catalogue; what is no append is left to `encodeAppend`.
 */
export function shapeAppends(given: readonly StreamAppend[], encode: Encode, pathTo: PartPath): ShapedAppends | Promise<ShapedAppends> {
  const shaping = new Shaping(encode);
  const appends = Array.isArray(given) ? given.map((append, part) => shaping.append(append, () => pathTo(part, "events"))) : given;
  return shaping.finish(appends);
}

/** An event with data that is replaced once a schema has looked at it. */
interface ShapedEvent {
  readonly type: string;
  data: unknown;
}

/** What of an event a caller may change after the call. */
interface Changeable {
  data: unknown;
  metadata: unknown;
  tags: unknown;
}

class Shaping {
  readonly #encode: Encode;
  readonly #versions: number[] = [];
  readonly #taken: Changeable[] = [];
  readonly #open: Promise<void>[] = [];

  constructor(encode: Encode) {
    this.#encode = encode;
  }

  append(append: StreamAppend, path: () => string): StreamAppend {
    if (!isRecord(append) || !Array.isArray(append.events)) return append;
    const { streamId, expectedVersion } = append;
    const events = Array.from<unknown, ShapedEvent>(append.events, (event, index) => this.#event(event, (field) => `${path()}[${index}]${field}`));
    // By name, because they may be getters of a class, which a spread does not see.
    return { ...append, streamId, events, ...(expectedVersion !== undefined && { expectedVersion }) };
  }

  #event(event: unknown, at: PathTo): ShapedEvent {
    const { type, data, metadata, id, tags } = readEvent(event, at);
    const shaped = { type: isEventType(type) ? type : checkEventType(type, at(".type")), data, metadata, id, tags };
    this.#taken.push(shaped);
    const place = this.#versions.push(0) - 1;
    const take = (shape: StoredShape): void => {
      shaped.data = shape.data;
      this.#versions[place] = shape.schemaVersion;
    };
    // Of a command, which had to know it to decide.
    const known = shapeOf(event, { encode: this.#encode, type: shaped.type, data });
    const shape = known ?? this.#encode(shaped.type, data, () => at(".data"));
    if (shape instanceof Promise) this.#open.push(this.#awaited(shape, take));
    else take(shape);
    return shaped;
  }

  #awaited(shape: Promise<StoredShape>, take: (shape: StoredShape) => void): Promise<void> {
    const taken = shape.then(take);
    // A later event may be refused at once. Then nothing awaits this one, whose failure would end the process.
    taken.catch(() => {});
    return taken;
  }

  finish(appends: readonly StreamAppend[]): ShapedAppends | Promise<ShapedAppends> {
    const shaped = { appends, versions: this.#versions };
    if (this.#open.length === 0) return shaped;
    // An append that waits for no schema takes them before it returns; a caller who changes them then must not change these events.
    for (const event of this.#taken) {
      event.data = asAtCall(event.data);
      event.metadata = asAtCall(event.metadata);
      event.tags = asAtCall(event.tags);
    }
    return this.#settled(shaped);
  }

  /** Rejects with what is wrong with the first of the wrong events, whichever schema was the quickest. */
  async #settled(shaped: ShapedAppends): Promise<ShapedAppends> {
    for (const result of await Promise.allSettled(this.#open)) if (result.status === "rejected") throw result.reason;
    return shaped;
  }
}

/** A copy of an event's metadata. What JSON cannot hold stays what it is, for the append to say what is wrong with it. */
export function asAtCall(metadata: unknown): unknown {
  try {
    return metadata === undefined ? undefined : plainCopy(metadata);
  } catch {
    return metadata;
  }
}
