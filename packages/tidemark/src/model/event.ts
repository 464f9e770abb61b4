/**
 * Anything JSON can hold. A property that is `undefined` is left out.
 *
 * @example
 * ```ts
 * const value: JsonValue = { sku: "tea", sizes: [1, 2.5, null] };
 * ```
 */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue | undefined };

/**
 * Data about an event besides the business fact: correlation, causation, actor, and any key of your own.
 *
 * @example
 * ```ts
 * const metadata: EventMetadata = { correlationId: "request-7", actorId: "ada", occurredAt: "2026-11-20T10:00:00Z", tariff: 3 };
 * ```
 */
export interface EventMetadata {
  readonly correlationId?: string;
  readonly causationId?: string;
  readonly actorId?: string;
  /** ISO 8601. When it happened in the world; `recordedAt` is when the store wrote it. */
  readonly occurredAt?: string;
  /** W3C Trace Context. */
  readonly traceparent?: string;
  readonly [key: string]: JsonValue | undefined;
}

/**
 * A business fact: type, data, and optional metadata. Describe the events of a stream as a union of these.
 *
 * @example
 * ```ts
 * type AccountEvent = Event<"Deposited", { amount: number }> | Event<"Closed", { reason: string }>;
 * await store.appendToStream<AccountEvent>("account-9", [{ type: "Deposited", data: { amount: 5 } }]);
 * ```
 */
// oxlint-disable-next-line no-empty-object-type -- the contract's default: no keys of its own
export interface Event<Type extends string = string, Data = unknown, Metadata extends object = {}> {
  /** 1–256 bytes of UTF-8 without control characters. */
  readonly type: Type;
  readonly data: Data;
  readonly metadata?: EventMetadata & Metadata;
}

/**
 * What a writer may add to an event.
 *
 * @example
 * ```ts
 * const extra: NewEventFields = { id: crypto.randomUUID(), tags: ["sku:tea"] };
 * ```
 */
export interface NewEventFields {
  /** A UUID. The same id with the same content is written once: see `appendToStream`. @defaultValue a new one of version 7 */
  readonly id?: string;
  /** At most 64, each 1–256 bytes of UTF-8 without control characters. */
  readonly tags?: readonly string[];
}

/**
 * What the store adds to an event.
 *
 * @example
 * ```ts
 * export function placeOf({ streamId, version, position }: RecordedEventFields): string {
 *   return `${streamId} ${version} (${position})`;
 * }
 * ```
 */
export interface RecordedEventFields {
  readonly id: string;
  readonly metadata: EventMetadata;
  readonly tags: readonly string[];
  readonly streamId: string;
  /** The part of `streamId` before its first `-`, or all of it if there is none. */
  readonly category: string;
  /** The event's place in its stream: 1, 2, 3 … without gaps. */
  readonly version: number;
  /** The event's place in the store: rises, is unique, may have gaps. */
  readonly position: number;
  /** The database's clock at the append, in whole milliseconds. */
  readonly recordedAt: Date;
  /** The version of the event type's shape. Always 1 without a catalogue of event types. */
  readonly schemaVersion: number;
  /** 0, 1, … if the stored event became several: they share id, version and position. Undefined if it is one. */
  readonly part?: number;
  /** `""` for the store itself. */
  readonly tenant: string;
}

/**
 * An event to write. `NewEvent<CartEvent>` is a union that checks `data` for each `type`.
 *
 * @example
 * ```ts
 * const events: NewEvent<CartEvent>[] = [{ type: "ItemAdded", data: { sku: "tea", quantity: 1, price: 3 }, tags: ["sku:tea"] }];
 * ```
 */
export type NewEvent<E extends Event = Event> = E & NewEventFields;

/**
 * An event as stored. `RecordedEvent<CartEvent>` narrows by `type`.
 *
 * @example
 * ```ts
 * export function describe(event: RecordedEvent<CartEvent>): string {
 *   return event.type === "ItemAdded" ? `${event.data.quantity} × ${event.data.sku}` : `confirmed at ${event.data.at}`;
 * }
 * ```
 */
export type RecordedEvent<E extends Event = Event> = E & RecordedEventFields;

/**
 * The members of a union with these types: `EventOf<CartEvent, "ItemAdded">`.
 *
 * @example
 * ```ts
 * export function quantityOf(event: EventOf<CartEvent, "ItemAdded">): number {
 *   return event.data.quantity;
 * }
 * ```
 */
export type EventOf<E extends Event, Type extends E["type"]> = string extends E["type"] ? E : Extract<E, { readonly type: Type }>;

/**
 * One alternative of a query. An event must match everything named in it.
 *
 * @example
 * ```ts
 * const item: EventQueryItem = { categories: ["cart"], data: { sku: "tea" } };
 * ```
 */
export interface EventQueryItem<E extends Event = Event> {
  /** Any of these types. */
  readonly types?: readonly E["type"][];
  /** Any of these categories. */
  readonly categories?: readonly string[];
  /** Any of these streams. */
  readonly streamIds?: readonly string[];
  /** All of these tags. */
  readonly tags?: readonly string[];
  /**
   * `data` contains this (PostgreSQL's jsonb `@>`). With a catalogue it means the newest version of a type, as it is stored. Name `types`
   * beside it: without them, and for types with several versions, the store reads all events that pass the rest, and decides itself.
   */
  readonly data?: { readonly [key: string]: JsonValue };
  /** The stream's id begins with this. At most 512 bytes; `""` begins them all. */
  readonly prefix?: string;
  /** Recorded at or after this moment, by `recordedAt`. An inline projection cannot ask for it. */
  readonly since?: Date;
}

/**
 * One alternative, or up to 100 of which any may match. All of them name at most 10,000 types, categories, streams and tags.
 *
 * @example
 * ```ts
 * const query: EventQuery<CartEvent> = [{ types: ["ItemAdded"], tags: ["sku:tea"] }, { prefix: "cart-4", since: new Date("2026-01-01") }];
 * const found = await store.readAll<CartEvent>({ filter: query }).toArray();
 * ```
 */
export type EventQuery<E extends Event = Event> = EventQueryItem<E> | readonly EventQueryItem<E>[];

/**
 * The query of an append's condition. An event matches if any alternative matches; each has types, tags or both. `[]` and `[{}]` match
 * every event of the tenant. At most 100 alternatives, with 500 types together.
 *
 * @example
 * ```ts
 * const query: BoundaryQuery = [{ types: ["SeatTaken"], tags: ["seat:12"] }, { tags: ["hall:1"] }];
 * ```
 */
export type BoundaryQuery<E extends Event = Event> = readonly Pick<EventQueryItem<E>, "types" | "tags">[];

/**
 * What a decision by tags has read: the high-water mark, and the number of matching events above it. Opaque plain JSON, so a web form
 * can carry it. Belongs to the query, the tenant and the store that it was read with.
 *
 * @example
 * ```ts
 * const { boundary }: { boundary: Boundary } = await store.readBoundary([{ tags: ["seat:13"] }]);
 * await store.append([{ type: "SeatTaken", data: {}, tags: ["seat:13"] }], { condition: { query: [{ tags: ["seat:13"] }], after: boundary } });
 * ```
 */
export interface Boundary {
  readonly mark: number;
  readonly above: number;
}

/**
 * What `readBoundary` found, and the boundary to append after.
 *
 * @example
 * ```ts
 * const { events, boundary }: BoundaryReading = await store.readBoundary([{ tags: ["seat:14"] }]);
 * ```
 */
export interface BoundaryReading<E extends Event = Event> {
  readonly events: readonly RecordedEvent<E>[];
  readonly boundary: Boundary;
}

/**
 * What an append expects of its stream: an exact version, `"any"` (the default), `"no-stream"`, `"stream-exists"`, or
 * `{ unchangedSince: position }`: nothing in this stream after that place in the log.
 *
 * @example
 * ```ts
 * const expectedVersion: ExpectedVersion = { unchangedSince: 120 };
 * ```
 */
export type ExpectedVersion = number | "any" | "no-stream" | "stream-exists" | { readonly unchangedSince: number };

/** Returns the part of a `streamId` before its first `-`, or all of it if there is none. */
export function categoryOf(streamId: string): string {
  const dash = streamId.indexOf("-");
  return dash === -1 ? streamId : streamId.slice(0, dash);
}

/** A decided event as one of the caller's types. */
export function asDecided<E extends Event>(event: NewEvent): NewEvent<E> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a type holds is the caller's promise
  return event as NewEvent<E>;
}

/** An event as one of the caller's types. */
export function asRecorded<E extends Event>(event: RecordedEvent): RecordedEvent<E> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a type holds is the caller's promise
  return event as RecordedEvent<E>;
}
