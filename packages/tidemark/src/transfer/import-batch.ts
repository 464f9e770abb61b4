import { list, separator, streamKey } from "../append/batch.ts";
import { byBytes } from "../append/byte-order.ts";
import type { Value } from "../database/database.ts";
import { nullableList } from "../database/nullable-list.ts";
import type { ImportEvent } from "./import-event.ts";
import type { KnownVersions } from "./known-versions.ts";

/** A group of events as the parameters of `import_events` and `imported_events`. */
export interface BatchValues {
  readonly tenant: string;
  readonly tenants: string | null;
  readonly names: string;
  /** By slot. */
  readonly keys: readonly string[];
  /** Of each event, from 1. */
  readonly slots: readonly number[];
  /** Of each event, from 1, among those of its slot. */
  readonly places: readonly number[];
  /** Of each slot. */
  readonly counts: readonly number[];
  readonly eventTenants: string | null;
  readonly ids: string;
  readonly types: string;
  readonly data: string;
  readonly metadata: string | null;
  readonly tags: string | null;
  readonly recordedAt: string | null;
  readonly schemaVersions: string | null;
}

interface Stream {
  readonly key: string;
  readonly tenant: string;
  readonly streamId: string;
  slot: number;
  events: number;
}

export function encodeEvents(events: readonly ImportEvent[]): BatchValues {
  const streams = new Map<string, Stream>();
  const places: number[] = [];
  const streamOf = events.map(({ tenant, streamId }) => {
    const key = streamKey({ tenant, streamId });
    const stream = streams.get(key) ?? { key, tenant, streamId, slot: 0, events: 0 };
    streams.set(key, stream);
    places.push(++stream.events);
    return stream;
  });
  // The order in which every append locks streams.
  const ordered = [...streams.values()].sort((a, b) => byBytes(a.key, b.key));
  for (const [index, stream] of ordered.entries()) stream.slot = index + 1;

  const tenant = events[0]?.tenant ?? "";
  const oneTenant = ordered.every((stream) => stream.tenant === tenant);
  const joined = (text: (event: ImportEvent) => string): string => events.map(text).join(separator);
  const joinedIfAny = (text: (event: ImportEvent) => string): string | null => (events.some((event) => text(event) !== "") ? joined(text) : null);
  return {
    tenant,
    tenants: oneTenant ? null : ordered.map((stream) => stream.tenant).join(separator),
    names: ordered.map(({ streamId }) => streamId).join(separator),
    keys: ordered.map(({ key }) => key),
    slots: streamOf.map(({ slot }) => slot),
    places,
    counts: ordered.map(({ events: count }) => count),
    eventTenants: oneTenant ? null : joined((event) => event.tenant),
    ids: list(events.map(({ id }) => id)),
    types: joined(({ type }) => type),
    data: joined(({ data }) => data),
    metadata: joinedIfAny(({ metadata }) => metadata),
    tags: joinedIfAny(({ tags }) => tags),
    recordedAt: events.some(({ recordedAt }) => recordedAt !== null) ? nullableList(events.map(({ recordedAt }) => recordedAt)) : null,
    schemaVersions: events.some(({ schemaVersion }) => schemaVersion !== 1) ? list(events.map(({ schemaVersion }) => schemaVersion)) : null,
  };
}

/** `imported_events` */
export function lookUpValues(batch: BatchValues, positions: string | null): readonly Value[] {
  const { tenant, tenants, names, slots, eventTenants, ids, types, data, tags } = batch;
  return [tenant, tenants, names, list(slots), eventTenants, ids, types, data, tags, positions];
}

/** What is known of the log before the group. */
export interface Before {
  readonly heads: KnownVersions;
  /** With kept positions: where the log must end, and how many events it must hold. */
  readonly position: number;
  readonly events: number | null;
  /** Of the projections, as this process knows it. */
  readonly epoch: number;
}

/** `import_events` */
export function writeValues(batch: BatchValues, positions: string | null, before: Before): readonly Value[] {
  const { tenant, tenants, names, keys, slots, places, eventTenants, ids, types, data, metadata, tags, recordedAt, schemaVersions } = batch;
  const heads = nullableList(keys.map((key) => before.heads.versionOf(key)));
  const ofStreams = [tenant, tenants, names, heads];
  const ofEvents = [list(slots), list(places), eventTenants, ids, types, data, metadata, tags, recordedAt, schemaVersions];
  return [...ofStreams, ...ofEvents, positions, before.position, before.events, before.epoch];
}
