import { describeValue, quoteText } from "../arguments/describe-value.ts";
import { isPromise } from "../arguments/promise.ts";
import { didYouMean } from "../arguments/suggest.ts";
import { EventDecodingError, issuesText, UnknownEventTypeError } from "../errors/catalogue.ts";
import { sentence } from "../errors/tidemark-error.ts";
import type { RecordedEvent } from "../model/event.ts";
import { others, UpToDate } from "./bring-up-to-date.ts";
import type { UnknownEvents } from "./unknown-events.ts";
import type { DefinedEvents } from "./defined-events.ts";
import type { EventDecoder } from "./event-codec.ts";
import type { EventShape } from "./event-shape.ts";
import { issuesAt } from "./issue-path.ts";
import { metadataCopy } from "./metadata-copy.ts";
import { validate } from "./validate.ts";
import type { Narrowing } from "./shape-filter.ts";
import { type StoredForm, StoredFormError } from "./stored-form.ts";

/** How one reader wants its events. */
export interface Reading {
  readonly catalogue: DefinedEvents;
  readonly unknownEvents: UnknownEvents;
  readonly validateReads: boolean;
  readonly onSkipped: ((event: RecordedEvent) => void) | undefined;
  /** The older versions that the reader knows, by type. */
  readonly older: ReadonlyMap<string, number>;
  /** By type, the version in which an event is given as it is stored. */
  readonly asStored: ReadonlyMap<string, number>;
  /** For what became of an event. Undefined: all is wanted. */
  readonly narrow: Narrowing | undefined;
  /** For events that stay as they are stored. Undefined: all that the log finds is wanted. */
  readonly narrowAsStored: Narrowing | undefined;
}

/** The versions of events that need nothing done: the newest ones of types without stored forms. */
export function versionsAsStored({ shapes }: DefinedEvents, validateReads: boolean, older?: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const plain = [...shapes.values()].filter(({ type, stored, checks }) => !stored && !(validateReads && checks) && !older?.has(type));
  return new Map(plain.map(({ type, version }) => [type, version]));
}

/** See `EventDecoder.decode`. */
export function decodeEvents(reading: Reading): NonNullable<EventDecoder["decode"]> {
  const { asStored, narrowAsStored } = reading;
  return (event, into, isOwn = false) => {
    // Most events of a log. Nothing else may stand on their way.
    if (asStored.get(event.type) === event.schemaVersion) {
      if (narrowAsStored === undefined || narrowAsStored(event, event.type, event.data)) into.push(event);
      return;
    }
    decodeOlder(event, reading, into, isOwn);
  };
}

function decodeOlder(event: RecordedEvent, reading: Reading, into: RecordedEvent[], isOwn: boolean): void {
  const { catalogue, unknownEvents, narrow, onSkipped } = reading;
  const { type, schemaVersion, data } = event;
  const shape = catalogue.shapes.get(type);
  if (shape ? schemaVersion > shape.version : !catalogue.retired.has(type)) {
    if (unknownEvents === "error") throw unknownEvent(catalogue, event, shape);
    if (unknownEvents === "skip") onSkipped?.(event);
    if (unknownEvents === "pass" && (!narrow || narrow(event, type, data))) into.push(event);
    return;
  }
  const upToDate = new UpToDate(catalogue, event, isOwn);
  if (shape) {
    const newest = upToDate.newest(shape, schemaVersion, data);
    if (newest !== others) {
      if (!narrow || narrow(event, type, newest)) into.push(finish(event, shape, newest, upToDate, reading));
      return;
    }
  } else upToDate.follow(type, schemaVersion, data);
  // Only when all are ready: an event that fails in its second part must not leave its first behind.
  for (const part of finishParts(event, upToDate, reading)) into.push(part);
}

function finishParts(event: RecordedEvent, upToDate: UpToDate, reading: Reading): readonly RecordedEvent[] {
  const { parts } = upToDate;
  const found: RecordedEvent[] = [];
  for (const [index, { shape, data }] of parts.entries()) {
    if (reading.narrow && !reading.narrow(event, shape.type, data)) continue;
    const current = finish(event, shape, data, upToDate, reading);
    // Parts number what the event became, not what this reader gets of it. Each has metadata of its own, which its handler may change.
    found.push(parts.length === 1 ? current : { ...current, metadata: metadataCopy(event.metadata), part: index });
  }
  return found;
}

/** From the newest shape as it is stored to what the reader knows. `stored` describes the newest shape, so older ones stay plain JSON. */
function finish(event: RecordedEvent, shape: EventShape, data: unknown, upToDate: UpToDate, { older, validateReads }: Reading): RecordedEvent {
  const { type, version, stored } = shape;
  const wanted = older.get(type);
  if (wanted !== undefined) {
    let previous = data;
    for (let from = version; from > wanted; from--) {
      previous = upToDate.make(shape.downcast.get(from), "downcast", shape, from, previous);
    }
    return { ...event, type, data: previous, schemaVersion: wanted };
  }
  const decoded = stored ? decodeStored(event, stored, data) : data;
  if (validateReads && shape.checks) checkRead(event, shape, decoded);
  return { ...event, type, data: decoded, schemaVersion: version };
}

function decodeStored(event: RecordedEvent, stored: StoredForm, data: unknown): unknown {
  try {
    return stored.decode(data);
  } catch (error) {
    if (!(error instanceof StoredFormError)) throw error;
    throw new EventDecodingError(event, `data${error.place} does not fit its codec in stored: ${error.message}`, { cause: error.cause });
  }
}

/** Checks alone: what a schema that transforms made of its input must not be transformed again. */
function checkRead(event: RecordedEvent, { type, schema }: EventShape, data: unknown): void {
  let result: ReturnType<typeof validate>;
  try {
    result = validate(schema, data);
  } catch (error) {
    throw new EventDecodingError(event, `the schema of ${quoteText(type)} threw (see cause)`, { cause: error });
  }
  if (isPromise(result))
    throw new EventDecodingError(
      event,
      `the schema of ${quoteText(type)} is asynchronous, but validateReads needs synchronous ones; open the store without it`,
    );
  if (result.issues) throw new EventDecodingError(event, `the schema of ${quoteText(type)} refuses it: ${issuesText(issuesAt(result.issues, "data"))}`);
}

function unknownEvent({ types }: DefinedEvents, event: RecordedEvent, shape: EventShape | undefined): UnknownEventTypeError {
  const { type, schemaVersion, position, streamId } = event;
  const where = `The event at position ${position} in stream ${quoteText(streamId)}`;
  const what = shape
    ? `has version ${describeValue(schemaVersion)} of ${quoteText(type)}, but the catalogue knows no version after ${shape.version}: a newer application wrote it.`
    : sentence(`is of type ${quoteText(type)}, which the catalogue does not know${didYouMean(type, types)}`);
  return new UnknownEventTypeError(type, `${where} ${what} Add it to the catalogue, or open the store with unknownEvents: "skip" or "pass".`, {
    schemaVersion,
    position,
  });
}
