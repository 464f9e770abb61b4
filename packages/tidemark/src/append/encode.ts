import { checkExpectedVersion } from "../arguments/expected-version.ts";
import { checkStreamId } from "../arguments/names.ts";
import { isRecord, unknownKey } from "../arguments/options.ts";
import { describeValue, quoteText } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { encodeEvent } from "./encode-event.ts";
import type { EncodedAppend, EncodedEvent, EncodedPart } from "./encoded.ts";
import { type EncodeSettings, AppendTotals } from "./append-totals.ts";
import type { StreamAppend } from "./types.ts";

/** Over all parts of one append. */
export const maxEvents = 10_000;
/** Streams of one append. */
export const maxParts = 10_000;

/** Where the caller wrote a part and its fields. */
export type PartPath = (part: number, field: "" | "streamId" | "events" | "expectedVersion") => string;

/** `appends[1].events`, for `appendToStreams`. */
export const pathInAppends: PartPath = (part, field) => (field === "" ? `appends[${part}]` : `appends[${part}].${field}`);

/** `events` and `options.expectedVersion`, for the calls with one stream. */
export const pathInArguments: PartPath = (_part, field) => (field === "expectedVersion" ? "options.expectedVersion" : field);

const known = ["streamId", "events", "expectedVersion"];

/**
 * Checks an append completely and turns it into text: what this accepts, PostgreSQL accepts, so that one bad append
 * never fails the others of its batch. Throws an `InvalidArgumentError` or an `EventTooLargeError`.
 */
export function encodeAppend(tenant: string, appends: readonly StreamAppend[], settings: EncodeSettings, pathTo: PartPath = pathInAppends): EncodedAppend {
  const given: unknown = appends;
  if (!Array.isArray(given)) throw new InvalidArgumentError("appends", `must be an array of { streamId, events }, not ${describeValue(given)}`);
  if (given.length === 0) throw new InvalidArgumentError("appends", "is empty; name at least one stream");
  if (given.length > maxParts) throw new InvalidArgumentError("appends", `names ${given.length} streams; one append takes at most ${maxParts}. Split it`);
  const totals = new AppendTotals(settings);
  const places = new Map<string, number>();
  const parts: EncodedPart[] = [];
  for (let index = 0; index < given.length; index++) {
    const part = encodePart(tenant, given[index], index, totals, pathTo);
    const earlier = places.get(part.streamId);
    if (earlier !== undefined) {
      throw new InvalidArgumentError(
        pathTo(index, "streamId"),
        `is ${quoteText(part.streamId)}, which ${pathTo(earlier, "")} names already; put a stream's events into one part`,
      );
    }
    places.set(part.streamId, index);
    parts.push(part);
  }
  return { parts, events: totals.events, bytes: totals.bytes, ownIds: totals.ownIds, tags: totals.tags };
}

function encodePart(tenant: string, append: unknown, index: number, totals: AppendTotals, pathTo: PartPath): EncodedPart {
  if (!isRecord(append)) throw new InvalidArgumentError(pathTo(index, ""), `must be { streamId, events }, not ${describeValue(append)}`);
  refuseUnknownOfAppend(append, () => pathTo(index, ""));
  const { streamId, events, expectedVersion } = append;
  return {
    tenant,
    streamId: checkStreamId(streamId, pathTo(index, "streamId")),
    expected: checkExpectedVersion(expectedVersion, pathTo(index, "expectedVersion")),
    events: encodeEvents(events, totals, pathTo(index, "events")),
  };
}

/** A misspelt key would be lost in silence. */
export function refuseUnknownOfAppend(append: object, path: () => string): void {
  for (const key of Object.keys(append)) {
    if (!known.includes(key)) throw unknownKey(path(), key, known, "is not a part of an append");
  }
}

function encodeEvents(events: unknown, totals: AppendTotals, path: string): readonly EncodedEvent[] {
  if (!Array.isArray(events))
    throw new InvalidArgumentError(path, `must be an array of events, not ${describeValue(events)}${isRecord(events) ? "; put it into an array" : ""}`);
  if (totals.events + events.length > maxEvents) {
    throw new InvalidArgumentError(path, `bring the append to ${totals.events + events.length} events; one append takes at most ${maxEvents}. Split it`);
  }
  return Array.from(events, (event: unknown, index) => encodeEvent(event, totals, (field) => `${path}[${index}]${field}`));
}
