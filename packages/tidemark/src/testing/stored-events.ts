import { encodeJson } from "../arguments/json.ts";
import { isRecord } from "../arguments/options.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { newId } from "../arguments/uuid.ts";
import { defaultStreamFor } from "../append/default-stream.ts";
import { encodeEvent, refuseUnknownParts, stamped } from "../append/encode-event.ts";
import { AppendTotals } from "../append/append-totals.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { categoryOf, type Event, type NewEvent, type RecordedEvent } from "../model/event.ts";
import { firstSchemaVersion } from "../model/recorded-event.ts";

/** A scenario does not know the store's own limit; this is the highest. */
const settings = { eventBytes: 16 * 1024 * 1024, createId: newId };

/** The events as a store gives them back. Refuses what a store would refuse. */
export function asStored<E extends Event, New extends NewEvent<E> = NewEvent<E>>(events: readonly New[], path: string): readonly New[] {
  const totals = new AppendTotals(settings);
  return stored<E, New>(events, path, (event, at) => encodeEvent(event, totals, (field) => `${at}${field}`));
}

/** Events that stand in the log already: they may have been read from a store, and may name their stream. */
export function asGiven<E extends Event, New extends NewEvent<E> = NewEvent<E>>(events: readonly New[], path: string): readonly New[] {
  const totals = new AppendTotals(settings);
  return stored<E, New>(events, path, (event, at) => encodeEvent(withoutStamps(event), totals, (field) => `${at}${field}`));
}

/** Events to compare with: in a misspelt key nothing would be compared. */
export function asExpected<E extends Event>(events: readonly NewEvent<E>[], path: string): readonly NewEvent<E>[] {
  return stored<E, NewEvent<E>>(events, path, (event, at) => refuseUnknownParts(event, (field) => `${at}${field}`));
}

function stored<E extends Event, New extends NewEvent<E>>(events: readonly New[], path: string, check: (event: New, at: string) => unknown): readonly New[] {
  if (!Array.isArray(events)) throw new InvalidArgumentError(path, "must be an array of events; write [] for none");
  return Array.from(events, (event: New, index) => {
    const at = `${path}[${index}]`;
    if (!isRecord(event)) throw new InvalidArgumentError(at, `must be an event such as { type: "ItemAdded", data: {} }, not ${describeValue(event)}`);
    check(event, at);
    const { metadata } = event;
    const data: E["data"] = JSON.parse(encodeJson(event.data, `${at}.data`));
    return { ...event, data, ...(metadata && { metadata: JSON.parse(encodeJson(metadata, `${at}.metadata`)) }) };
  });
}

function withoutStamps(event: object): object {
  return Object.fromEntries(Object.entries(event).filter(([key]) => !stamped.includes(key)));
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

/** The first second of 2000; each event of a scenario is recorded a second after the one before. */
const began = Date.UTC(2000, 0, 1);

/** A log in memory: for scenarios, whose events come one after another. */
export class GivenLog<E extends Event> {
  readonly #events: RecordedEvent<E>[] = [];

  /** All events, in the order of the log. */
  get events(): readonly RecordedEvent<E>[] {
    return this.#events;
  }

  versionOf(streamId: string): number {
    return this.#events.filter((event) => event.streamId === streamId).length;
  }

  add(event: NewEvent<E>, streamId: string): RecordedEvent<E> {
    const position = this.#events.length + 1;
    const recorded: RecordedEvent<E> = {
      ...event,
      id: event.id ?? `00000000-0000-7000-8000-${position.toString(16).padStart(12, "0")}`,
      metadata: event.metadata ?? {},
      tags: event.tags ?? [],
      streamId,
      category: categoryOf(streamId),
      version: this.versionOf(streamId) + 1,
      position,
      recordedAt: new Date(began + position * 1_000),
      schemaVersion: firstSchemaVersion,
      tenant: "",
    };
    this.#events.push(recorded);
    return recorded;
  }
}

/** The stream of an event that names none: as for `append`, and one for all that have no tag. */
export function streamOf(event: NewEvent & { readonly streamId?: string }): string {
  return event.streamId ?? (event.tags?.length ? defaultStreamFor([event]) : "given");
}
