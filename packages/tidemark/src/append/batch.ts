import type { TextRow, Value } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import type { ExpectedVersion } from "../model/event.ts";
import { byBytes } from "./byte-order.ts";
import type { EncodedCondition } from "./condition.ts";
import { firstSchemaVersion } from "../model/recorded-event.ts";
import type { EncodedAppend, EncodedPart } from "./encoded.ts";
import { type Outcome, outcomeOf, type PartVerdict } from "./outcome.ts";
import { expectations, slotKinds, verdicts } from "../schema/codes.ts";

/** Between records on the wire. JSON.stringify never emits it raw, and names, types and tags may not hold it. */
export const separator = "\x1e";

/** What goes with every append of a batch. */
export interface BatchSettings {
  readonly recordedAt: string | null;
  /** `synchronous_commit`, or null for the server's own. */
  readonly durability: "on" | "off" | null;
  /** Of the projections, as this process knows it: see `Gate`. */
  readonly epoch: number;
}

/** A batch as the parameters of `append_batch`, and the way back from its answer. */
export interface Batch {
  readonly values: readonly Value[];
  /** The last value is the versions of the events' shapes. */
  readonly versioned: boolean;
  /** The outcome of each append, in the order given. */
  outcomes(row: TextRow): Outcome[];
}

/** A stream of one tenant, as one text that can be compared and ordered like `(tenant, name)` in collation "C". */
export function streamKey(part: Pick<EncodedPart, "tenant" | "streamId">): string {
  return `${part.tenant}\x00${part.streamId}`;
}

/** What `append_many` reads: see its header. */
export function expectedNumber(expected: ExpectedVersion): number {
  if (typeof expected === "number") return expected;
  if (typeof expected === "object") return expectations.unchangedSince - expected.unchangedSince;
  if (expected === "no-stream") return 0;
  return expected === "any" ? expectations.any : expectations.streamExists;
}

/** One of `slotKinds`: whether the stream has to exist, may be new, or is expected to be. See `lock_streams`. */
export function kindOf(expected: number): number {
  if (expected === 0) return slotKinds.newcomer;
  return expected === expectations.any || expected <= expectations.unchangedSince ? slotKinds.either : slotKinds.present;
}

interface Slot {
  readonly key: string;
  readonly tenant: string;
  readonly streamId: string;
  kind: number;
  number: number;
}

/** PostgreSQL's text of an array. */
export function list(items: readonly (number | string)[]): string {
  return `{${items.join()}}`;
}

/** The streams of a batch, each once, in the order in which they are locked. */
function slotsOf(appends: readonly EncodedAppend[]): ReadonlyMap<string, Slot> {
  const slots = new Map<string, Slot>();
  for (const append of appends) {
    for (const part of append.parts) {
      const key = streamKey(part);
      const kind = kindOf(expectedNumber(part.expected));
      const slot = slots.get(key);
      if (!slot) slots.set(key, { key, tenant: part.tenant, streamId: part.streamId, kind, number: 0 });
      else if (slot.kind !== kind) slot.kind = slotKinds.either;
    }
  }
  const ordered = [...slots.values()].sort((a, b) => byBytes(a.key, b.key));
  for (const [index, slot] of ordered.entries()) slot.number = index + 1;
  return new Map(ordered.map((slot) => [slot.key, slot]));
}

/** The parameters `p_tenant` to `p_kinds` of `append_batch`, which `enter_append` begins with too. */
export function encodeStreams(appends: readonly EncodedAppend[]): readonly Value[] {
  return streamValues(slotsOf(appends));
}

function streamValues(slots: ReadonlyMap<string, Slot>): readonly Value[] {
  const ordered = [...slots.values()];
  const tenant = ordered[0]?.tenant ?? "";
  const tenants = ordered.every((slot) => slot.tenant === tenant) ? null : ordered.map((slot) => slot.tenant).join(separator);
  return [tenant, tenants, ordered.map((slot) => slot.streamId).join(separator), list(ordered.map((slot) => slot.kind))];
}

export function encodeBatch(appends: readonly EncodedAppend[], checkIds: boolean, settings: BatchSettings): Batch {
  const slots = slotsOf(appends);
  const of = { append: [] as number[], slot: [] as number[], expected: [] as number[], count: [] as number[] };
  const events = {
    part: [] as number[],
    place: [] as number[],
    id: [] as string[],
    type: [] as string[],
    data: [] as string[],
    metadata: [] as string[],
    tags: [] as string[],
    schemaVersion: [] as number[],
  };
  let anyMetadata = false;
  let anyTags = false;
  let versioned = false;
  /** By append: where its parts went, in the order of its streams. */
  const sentParts: EncodedPart[][] = [];
  for (const [index, append] of appends.entries()) {
    const parts = append.parts.length === 1 ? [...append.parts] : append.parts.toSorted((a, b) => slotNumber(slots, a) - slotNumber(slots, b));
    sentParts.push(parts);
    for (const part of parts) {
      of.append.push(index + 1);
      of.slot.push(slotNumber(slots, part));
      of.expected.push(expectedNumber(part.expected));
      of.count.push(part.events.length);
      for (const [place, event] of part.events.entries()) {
        events.part.push(of.append.length);
        events.place.push(place + 1);
        events.id.push(event.id);
        events.type.push(event.type);
        events.data.push(event.data);
        events.metadata.push(event.metadata);
        events.tags.push(event.tags);
        events.schemaVersion.push(event.schemaVersion);
        anyMetadata ||= event.metadata !== "";
        anyTags ||= event.tags !== "";
        versioned ||= event.schemaVersion !== firstSchemaVersion;
      }
    }
  }
  return {
    values: [
      ...streamValues(slots),
      list(of.append),
      list(of.slot),
      list(of.expected),
      list(of.count),
      list(events.part),
      list(events.place),
      list(events.id),
      events.type.join(separator),
      events.data.join(separator),
      anyMetadata ? events.metadata.join(separator) : null,
      anyTags ? events.tags.join(separator) : null,
      checkIds,
      settings.recordedAt,
      settings.durability,
      settings.epoch,
      ...conditionValues(appends.map(({ condition }) => condition)),
      ...(versioned ? [list(events.schemaVersion)] : []),
    ],
    versioned,
    outcomes: (row) => decode(row, appends, sentParts),
  };
}

/** The parameters from `p_condition` on: of each item the number of its owner, from 1, its names and its boundary. */
export function conditionValues(conditions: readonly (EncodedCondition | undefined)[]): readonly Value[] {
  if (!conditions.some(Boolean)) return [null, null, null, null, null];
  const items = conditions.flatMap((condition, index) => (condition?.items ?? []).map((item) => ({ ...item, condition, owner: index + 1 })));
  return [
    list(items.map(({ owner }) => owner)),
    items.map(({ types }) => types).join(separator),
    items.map(({ tags }) => tags).join(separator),
    list(items.map(({ condition }) => condition?.after ?? 0)),
    list(items.map(({ condition }) => condition?.above ?? 0)),
  ];
}

function slotNumber(slots: ReadonlyMap<string, Slot>, part: EncodedPart): number {
  return slots.get(streamKey(part))?.number ?? 0;
}

function decode(row: TextRow, appends: readonly EncodedAppend[], sentParts: readonly (readonly EncodedPart[])[]): Outcome[] {
  const given = numbers(row["verdicts"]);
  const versions = numbers(row["versions"]);
  const positions = numbers(row["positions"]);
  const detail = detailOf(row);
  const written = row["written"] == null ? undefined : numbers(row["written"]);
  const recordedAt = Number(row["recorded_at"]);
  let next = 0;
  let first = 0;
  return appends.map((append, index) => {
    const verdictOf = new Map<EncodedPart, PartVerdict>();
    for (const part of sentParts[index] ?? []) {
      const verdict = given[next] ?? Number.NaN;
      verdictOf.set(part, {
        part,
        verdict,
        version: versions[next] ?? Number.NaN,
        position: positions[next] ?? Number.NaN,
        written: written && { positions: written, first, recordedAt },
      });
      if (verdict === verdicts.written) first += part.events.length;
      next++;
    }
    return outcomeOf(
      append.parts.map((part) => verdictOf.get(part)).filter((verdict) => verdict !== undefined),
      detail[index + 1],
    );
  });
}

/** What a verdict means in particular, by append. */
export function detailOf(row: TextRow): Readonly<Record<string, readonly (string | null)[]>> {
  const detail: Readonly<Record<string, readonly (string | null)[]>> = JSON.parse(row["detail"] ?? "{}");
  return detail;
}

/** PostgreSQL's text of an array of numbers. */
export function numbers(text: string | null | undefined): number[] {
  const inner = text?.slice(1, -1) ?? "";
  return inner === "" ? [] : inner.split(",").map(toSafeInteger);
}
