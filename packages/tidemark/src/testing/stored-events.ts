import { wholeNumber } from "../arguments/checks.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { encodeJson } from "../arguments/json.ts";
import { checkEventType, isEventType } from "../arguments/names.ts";
import { isRecord } from "../arguments/options.ts";
import { newId } from "../arguments/uuid.ts";
import { AppendTotals } from "../append/append-totals.ts";
import { encodeEvent, readEvent, refuseUnknownParts, stamped } from "../append/encode-event.ts";
import { copyAsRead } from "../catalogue/copy-as-read.ts";
import { decodedParts, type StoredShape } from "../catalogue/event-codec.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { asDecided, type Event, type NewEvent } from "../model/event.ts";
import { firstSchemaVersion } from "../model/recorded-event.ts";
import type { GivenLog } from "./given-log.ts";
import type { ScenarioEvents } from "./scenario-events.ts";

/** A scenario does not know the store's own limit; this is the highest. */
const settings = { eventBytes: 16 * 1024 * 1024, createId: newId };
const checkVersion = wholeNumber(1, 32_767);

/**
 * An event of a scenario as it is stored: plain JSON, in any version of its type's shape, also of a retired type. The catalogue brings it
 * up to date, as in a store.
 *
 * @example
 * ```ts
 * const old: VersionedEvent = { type: "CartConfirmed", schemaVersion: 1, data: { confirmedAt: "2020-01-01" } };
 * ```
 */
export interface VersionedEvent extends NewEvent {
  readonly schemaVersion: number;
}

/** An event whose data has its stored form. It may name its stream. */
export type StoredNewEvent = VersionedEvent & { readonly streamId?: string };

/** Either, where a schema may be asynchronous. */
export type Awaitable<T> = T | Promise<T>;

/** The events as a store with this catalogue stores them. Refuses what a store would refuse. */
export function asStored(events: readonly NewEvent[], path: string, shapes: ScenarioEvents): Awaitable<readonly StoredNewEvent[]> {
  return storedEvents(events, path, shapes, (event) => event);
}

/**
 * Events that stand in the log already: they may have been read from a store, and may name their stream. With `schemaVersion` their data
 * is what is stored.
 */
export function asGiven(events: readonly NewEvent[], path: string, shapes: ScenarioEvents): Awaitable<readonly StoredNewEvent[]> {
  return storedEvents(events, path, shapes, withoutStamps);
}

/** Events to compare with, in the shape in which they are read. In a misspelt key nothing would be compared. */
export function asExpected<E extends Event>(events: readonly NewEvent<E>[], path: string, { catalogue }: ScenarioEvents): readonly NewEvent<E>[] {
  return checkedEvents(events, path).map((event, index) => {
    const at = `${path}[${index}]`;
    refuseUnknownParts(event, (field) => `${at}${field}`);
    return asDecided<E>({ ...event, data: copyAsRead(catalogue, event, `${at}.data`), ...metadataOf(event, at) });
  });
}

/** What `evolve` of a decider of one stream gets of stored events, added to the log. */
export function asEvolved<E extends Event>(events: readonly StoredNewEvent[], log: GivenLog, { codec }: ScenarioEvents): readonly NewEvent<E>[] {
  const decoder = codec.decoder();
  return events.flatMap(({ schemaVersion, ...event }) => {
    const stored = log.add({ ...event, schemaVersion }, "given");
    return decodedParts(stored, decoder).map(({ type, data }) => asDecided<E>({ ...event, type, data }));
  });
}

/** Calls `use` with a value, at once unless it has to be awaited. */
export function after<T, R>(value: Awaitable<T>, use: (value: T) => Awaitable<R>): Awaitable<R> {
  if (!(value instanceof Promise)) return use(value);
  const used = value.then(use);
  // Where the test does not await it, this is refused at once, and nothing waits for what the schema says.
  used.catch(() => {});
  return used;
}

/** All of these values, at once unless one has to be awaited. */
export function all<T>(values: readonly Awaitable<T>[]): Awaitable<readonly T[]> {
  const ready: T[] = [];
  for (const value of values) {
    if (value instanceof Promise) return Promise.all(values);
    ready.push(value);
  }
  return ready;
}

type Unstamp = (event: NewEvent) => object;

function storedEvents(events: readonly NewEvent[], path: string, shapes: ScenarioEvents, unstamp: Unstamp): Awaitable<readonly StoredNewEvent[]> {
  const totals = new AppendTotals(settings);
  const stored = checkedEvents(events, path).map((event, index): Awaitable<StoredNewEvent> => {
    const at = `${path}[${index}]`;
    const { type } = readEvent(unstamp(event), (field) => `${at}${field}`);
    if (!isEventType(type)) checkEventType(type, `${at}.type`);
    const finish = ({ data, schemaVersion }: StoredShape): StoredNewEvent => {
      encodeEvent({ ...unstamp(event), data }, totals, (field) => `${at}${field}`);
      return { ...event, data: JSON.parse(encodeJson(data, `${at}.data`)), ...metadataOf(event, at), schemaVersion };
    };
    return after(shapeOf(event, at, shapes, unstamp), finish);
  });
  return all(stored);
}

/** What is stored of an event's data: what it says itself, where it has a version, or what the catalogue makes of it. */
function shapeOf(event: NewEvent, at: string, { codec }: ScenarioEvents, unstamp: Unstamp): Awaitable<StoredShape> {
  const { type, data } = event;
  if (!codec.encode) return { data, schemaVersion: firstSchemaVersion };
  const version = unstamp === withoutStamps && "schemaVersion" in event ? event.schemaVersion : undefined;
  if (version !== undefined) return { data, schemaVersion: checkVersion(version, `${at}.schemaVersion`) };
  return codec.encode(type, data, () => `${at}.data`);
}

function checkedEvents<New extends NewEvent>(events: readonly New[], path: string): readonly New[] {
  if (!Array.isArray(events)) throw new InvalidArgumentError(path, "must be an array of events; write [] for none");
  return Array.from(events, (event: New, index) => {
    if (isRecord(event)) return event;
    throw new InvalidArgumentError(`${path}[${index}]`, `must be an event such as { type: "ItemAdded", data: {} }, not ${describeValue(event)}`);
  });
}

function withoutStamps(event: object): object {
  return Object.fromEntries(Object.entries(event).filter(([key]) => !stamped.includes(key)));
}

function metadataOf({ metadata }: NewEvent, at: string): Pick<NewEvent, "metadata"> {
  return metadata ? { metadata: JSON.parse(encodeJson(metadata, `${at}.metadata`)) } : {};
}

/** What is compared of an event: of what the store can make itself, only what the expectation names. */
export function partsOf(event: NewEvent, expectation: NewEvent): Partial<NewEvent> {
  return {
    type: event.type,
    data: event.data,
    ...(expectation.id !== undefined && { id: event.id ?? "none" }),
    ...(expectation.tags !== undefined && { tags: event.tags ?? [] }),
    ...(expectation.metadata !== undefined && { metadata: event.metadata ?? {} }),
  };
}
