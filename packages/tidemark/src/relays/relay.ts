import type { RetryOptions } from "../consumers/consumer.ts";
import type { StartFrom } from "../arguments/start-from.ts";
import type { Event, EventQuery, RecordedEvent } from "../model/event.ts";
import type { EventCatalogue } from "../model/event-catalogue.ts";
import type { Sink } from "./sink.ts";

/**
 * What `map` returns: the message that an event becomes.
 *
 * @example
 * ```ts
 * const message: RelayMessage = { body: { sku: "tea" }, headers: { "x-kind": "stock" } };
 * ```
 */
export interface RelayMessage {
  /** A string or bytes are sent as they are; anything else as JSON. */
  readonly body: unknown;
  /** @defaultValue "application/json" */
  readonly contentType?: string;
  /**
   * Printable ASCII. Names are sent in lower case. Refused are those that begin with `tidemark-`, which are the relay's own, `content-type`, and a name
   * in two spellings.
   */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The second argument of `map`.
 *
 * @example
 * ```ts
 * const map: RelayMap = async (event, { storedData }) => ({ body: { type: event.type, data: await storedData() } });
 * ```
 */
export interface RelayContext {
  /** The relay's name. */
  readonly relay: string;
  /** The event's data as the log stores it: plain JSON, in the newest version of its shape. */
  readonly storedData: () => Promise<unknown>;
  /** Aborts once nobody waits for the message: its time is up, or the worker lost the shard or is stopped by force. */
  readonly signal: AbortSignal;
}

/**
 * Makes a message of an event. `null` publishes nothing. What it throws parks the event as a message that was refused.
 *
 * @example
 * ```ts
 * const map: RelayMap = (event) => (event.type === "CartConfirmed" ? { body: { cart: event.streamId } } : null);
 * ```
 */
export interface RelayMap<E extends Event = Event> {
  (event: RecordedEvent<E>, context: RelayContext): RelayMessage | null | Promise<RelayMessage | null>;
  /**
   * Says what the messages of a type look like, for the AsyncAPI document that `tidemark events asyncapi --relay` prints. Of a map without it,
   * the document says nothing but its types.
   */
  readonly describe?: (event: DescribedEvent) => RelayMessageDescription;
}

/**
 * A type of the catalogue, as `describe` of a map gets it.
 *
 * @example
 * ```ts
 * const describe = ({ data }: DescribedEvent): RelayMessageDescription => ({ payload: data });
 * ```
 */
export interface DescribedEvent {
  readonly type: string;
  /** The newest version of its shape. */
  readonly schemaVersion: number;
  /** The JSON Schema of its data as the log stores it, or a reference to it. */
  readonly data: object;
}

/**
 * What the messages of a type look like.
 *
 * @example
 * ```ts
 * const description: RelayMessageDescription = { payload: { type: "object", properties: { sku: { type: "string" } } } };
 * ```
 */
export interface RelayMessageDescription {
  /** @defaultValue "application/json" */
  readonly contentType?: string;
  /** The JSON Schema of each header that the map adds. */
  readonly headers?: Readonly<Record<string, object>>;
  /** The JSON Schema of the body. */
  readonly payload: object;
}

/**
 * What `defineRelay` takes.
 *
 * @example
 * ```ts
 * const definition: RelayDefinition = {
 *   name: "confirmed-carts",
 *   filter: { types: ["CartConfirmed"] },
 *   to: { name: "memory", publish: async () => {}, close: async () => {} },
 * };
 * ```
 */
export interface RelayDefinition<E extends Event = Event> {
  /** 1–200 bytes. It identifies the relay and its checkpoint. Another name is another relay, with its own start. */
  readonly name: string;
  /**
   * What it publishes: `"events"`, those of the log; `"outbox"`, messages that are no events, which transactions publish with `tx.publish`. `map` and
   * `key` get such a message as an event whose type is the topic, whose stream is the key, whose data is the payload, and whose metadata are the headers.
   * @defaultValue "events"
   */
  readonly source?: "events" | "outbox";
  /** Of the outbox: the topics to publish. Messages of topics that no relay publishes are removed as if they were published. @defaultValue every topic */
  readonly topics?: readonly string[];
  /**
   * Of the outbox: how long messages are kept at least, once every relay has published them, in milliseconds by the database's clock, 1,000 to ten
   * years. So long can `replay` publish them again.
   * @defaultValue 604,800,000, which is seven days
   */
  readonly keepMs?: number;
  /** The catalogue that the store is opened with: `map` gets its types. @defaultValue the types that you name, unchecked */
  readonly events?: EventCatalogue<E, Event>;
  /** The events to publish. A changed filter applies from the checkpoint on, not to earlier events. @defaultValue all events */
  readonly filter?: EventQuery<E>;
  /** Only events of streams whose id begins with this. At most 512 bytes. @defaultValue every stream */
  readonly prefix?: string;
  /** Only events recorded at or after this moment. @defaultValue any time */
  readonly since?: Date;
  /** Where a new relay starts; later it continues from its checkpoint. `after` is exclusive. @defaultValue "beginning" */
  readonly startFrom?: StartFrom;
  /** The store's own events, or those of every tenant. @defaultValue "own" */
  readonly tenants?: "own" | "all";
  /** Where to publish. */
  readonly to: Sink;
  /** What an event becomes. @defaultValue `cloudEvents()`; of the outbox the payload as JSON, with the headers that it was published with */
  readonly map?: RelayMap<E>;
  /**
   * Messages with the same key are published in order, one after the other, and wait behind one that was refused. 1–512 bytes. Must give
   * the same key whenever it is asked. The events that one stored event became need the same key.
   * @defaultValue the sink's, which most often is the event's `streamId`
   */
  readonly key?: (event: RecordedEvent<E>) => string;
  /** How many parts of the log are read and published side by side, 1–256, also by several processes. A key belongs to one. @defaultValue 1 */
  readonly shards?: number;
  /**
   * The most events that are published before the checkpoint moves, 1–10,000. A crash repeats at most so many messages of each shard.
   * @defaultValue 500
   */
  readonly batchSize?: number;
  /** The most messages of a shard that wait for their acknowledgement at once, 1–10,000. @defaultValue 500 */
  readonly inFlight?: number;
  /** A broker that acknowledges nothing for so long counts as down, in milliseconds. @defaultValue 30,000 */
  readonly ackTimeoutMs?: number;
  /**
   * How long `map` may take for an event, in milliseconds. Then the relay says at which event it waits, in `store.relays.get` and in health, and tries
   * the event again as `retry` says. If `map` does not settle at the last of `retry.attempts` either, the event is parked, as one that was refused.
   * @defaultValue 30,000
   */
  readonly mapTimeoutMs?: number;
  /**
   * Delays between tries. `attempts` holds for a `map` that does not settle, and for a destination that is unavailable while others work, such as one
   * of several endpoints; a broker that is down is tried for ever.
   */
  readonly retry?: RetryOptions;
  /**
   * So many refused messages in a row, with none acknowledged between them, are parked; at the next one the relay holds and tries again, because the
   * broker refuses everything. `false`: never. @defaultValue 5
   */
  readonly circuitBreaker?: number | false;
}

/**
 * What `defineRelay` returns.
 *
 * @example
 * ```ts
 * const relays: readonly Relay[] = [defineRelay({ name: "out", to: { name: "memory", publish: async () => {}, close: async () => {} } })];
 * ```
 */
export interface Relay {
  readonly name: string;
  readonly kind: "relay";
}
