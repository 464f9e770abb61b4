import { checkBoolean, checkFunction, checkSignal, oneOf, wholeNumber } from "../arguments/checks.ts";
import { checkOptions } from "../arguments/options.ts";
import { checkReaderVersions } from "../arguments/reader-versions.ts";
import type { EventCodec, EventDecoder, ReaderVersions } from "../catalogue/event-codec.ts";
import { isTidemarkError } from "../errors/errors.ts";
import { StoreClosedError } from "../errors/opening.ts";
import { asRecorded, type Event, type EventQuery, type RecordedEvent } from "../model/event.ts";
import type { Feed } from "./feed.ts";
import { checkFilter, logBoundsShape, type ValidQueryItem, within } from "../read/filter.ts";
import type { Anchor, FollowedEvent } from "./follow.ts";
import { interruptible } from "../async/interruptible.ts";
import { keepProcess } from "../async/keep-process.ts";

/**
 * Options of `subscribe`.
 *
 * @example
 * ```ts
 * const options: SubscribeOptions = { after: "end", filter: { categories: ["cart"] } };
 * ```
 */
export interface SubscribeOptions<E extends Event = Event> {
  /** Only events above this position; `"end"`: above the high-water mark as it is when the subscription starts. @defaultValue 0, the beginning */
  readonly after?: number | "end";
  /** One alternative, or several of which any may match. @defaultValue all events */
  readonly filter?: EventQuery<E>;
  /** Only events of streams whose id begins with this. At most 512 bytes. @defaultValue every stream */
  readonly prefix?: string;
  /** Only events recorded at or after this moment. @defaultValue any time */
  readonly since?: Date;
  /** `"own"`: this tenant's events; `"all"`: those of every tenant. @defaultValue "own" */
  readonly tenants?: "own" | "all";
  /** Older versions of event types that your code still knows, as `{ CartConfirmed: 2 }`. @defaultValue the newest of each */
  readonly as?: ReaderVersions;
  /** Delivers events as they are stored: no step, no schema, and the filter means the stored types. @defaultValue false */
  readonly raw?: boolean;
  /** Aborts the subscription. It then rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
  /** Called once, with the position, when everything up to the high-water mark has been delivered. An error it throws ends the subscription. */
  readonly onCaughtUp?: (position: number) => void;
}

/**
 * The events of the log as they are written. It asks the database when you ask for the first event. Each iteration follows again from
 * the start.
 *
 * It delivers the events in the log, page by page, filtered on the server, and then new ones from any process. Each matching event
 * comes once, in the order of positions, and none is skipped, because nothing above the high-water mark is delivered. A slow loop
 * holds about 10 MB at most, and no connection. While the database cannot be reached, the subscription waits and retries.
 *
 * `break`, `return` and a throw in the loop end it; `store.close()` ends it as `break` would. An abort rejects with `signal.reason`.
 * It is not durable: to continue later, pass the last position you handled as `after`, or use a consumer. A stored event that became
 * several comes as events of one position, with `part` 0, 1, …: its position is handled once the last of them is, when another
 * position comes or a batch ends. A batch never ends between them.
 *
 * @throws {@link HistoryForkedError} — the database lost or replaced events that this subscription had passed.
 * @throws {@link StoreClosedError} — the store was closed before the subscription started.
 * @throws {@link DatabaseError} — PostgreSQL rejected the read, and would reject it again.
 * @throws What decoding throws, after the events before: an event's type or version is unknown, or a step failed.
 *
 * @example
 * ```ts
 * const subscription: Subscription<CartEvent> = store.subscribe<CartEvent>({ after: 0 });
 * for await (const event of subscription) {
 *   console.debug(event.position, event.type);
 *   break;
 * }
 * ```
 */
export interface Subscription<E extends Event = Event> extends AsyncIterable<RecordedEvent<E>> {
  /**
   * Yields the events in arrays as they come: at most `size` stored events, with all that they became. None is empty.
   *
   * @param size - 1 or more.
   * @throws {@link InvalidArgumentError} — at the call.
   */
  batches(size: number): AsyncIterable<readonly RecordedEvent<E>[]>;
}

const afterPosition = wholeNumber(0);
const shape = {
  after: (value: unknown, path: string) => (typeof value === "string" ? oneOf("end")(value, path) : afterPosition(value, path)),
  filter: checkFilter,
  ...logBoundsShape,
  tenants: oneOf("own", "all"),
  as: checkReaderVersions,
  raw: checkBoolean,
  signal: checkSignal,
  onCaughtUp: checkFunction<(position: number) => void>,
};
const checkSize = wholeNumber(1);
const defaultSize = 500;

export function subscribe<E extends Event>(feed: Feed, codec: EventCodec, ownTenant: string, options?: SubscribeOptions): Subscription<E> {
  const { after = 0, tenants = "own", as, raw, signal, onCaughtUp, filter: given, ...bounds } = checkOptions(options, shape);
  const wanted: readonly ValidQueryItem[] | undefined = within(given, bounds);
  const { filter, decode } = codec.decoder({ filter: wanted, as, raw });
  const tenant = tenants === "all" ? undefined : ownTenant;

  async function* batches(size: number, ended: AbortSignal): AsyncGenerator<readonly RecordedEvent<E>[], void, undefined> {
    if (feed.closed) throw new StoreClosedError();
    let told = onCaughtUp === undefined;
    let letGo = keepProcess();
    try {
      const start: Anchor = after === "end" ? await feed.end(ended) : { position: after, id: null };
      for await (const { events: stored, anchor, caughtUp } of feed.followItems({
        reader: "subscribe",
        tenant,
        filter,
        after: start,
        batchSize: size,
        signal: ended,
      })) {
        const { events, failure } = decoded(stored, decode);
        if (events.length > 0) {
          // While the caller has the events, nothing is waited for: an iterator that is never asked again would keep the process for ever.
          letGo();
          yield events.map((event) => asRecorded<E>(event));
          letGo = keepProcess();
        }
        if (failure) throw failure.error;
        if (!caughtUp || told) continue;
        told = true;
        onCaughtUp?.(anchor.position);
      }
    } catch (error) {
      if (!isTidemarkError(error, "STORE_CLOSED")) throw error;
    } finally {
      letGo();
    }
  }

  async function* events(ended: AbortSignal): AsyncGenerator<RecordedEvent<E>, void, undefined> {
    for await (const batch of batches(defaultSize, ended)) {
      for (const event of batch) {
        ended.throwIfAborted();
        yield event;
      }
    }
  }

  return {
    [Symbol.asyncIterator]: () => interruptible(events, signal),
    batches(size) {
      const checked = checkSize(size, "size");
      return { [Symbol.asyncIterator]: () => interruptible((ended) => batches(checked, ended), signal) };
    },
  };
}

interface DecodedBatch {
  readonly events: readonly RecordedEvent[];
  /** Why the event after these could not be decoded. */
  readonly failure?: { readonly error: unknown };
}

/** What comes before an event that cannot be decoded is delivered: its position can be kept. */
function decoded(stored: readonly FollowedEvent[], decode: EventDecoder["decode"]): DecodedBatch {
  if (!decode) return { events: stored.map(({ event }) => event) };
  const events: RecordedEvent[] = [];
  for (const { event } of stored) {
    const before = events.length;
    try {
      decode(event, events);
    } catch (error) {
      return { events: events.slice(0, before), failure: { error } };
    }
  }
  return { events };
}
