import { list, separator } from "../append/batch.ts";
import { byBytes } from "../append/byte-order.ts";
import type { Value } from "../database/database.ts";
import type { ImportEvent } from "./import-event.ts";

/** A group of events as the parameters of `import_events` and `imported_events`. */
export interface BatchValues {
  readonly tenant: string;
  readonly tenants: string | null;
  readonly names: string;
  readonly slots: string;
  readonly eventTenants: string | null;
  readonly ids: string;
  readonly types: string;
  readonly data: string;
  readonly metadata: string | null;
  readonly tags: string | null;
  readonly recordedAt: string | null;
  readonly schemaVersions: string | null;
}

/** @param events - At least one. */
export function encodeEvents(events: readonly ImportEvent[]): BatchValues {
  const streams = new Map<string, { readonly tenant: string; readonly streamId: string; number: number }>();
  for (const { tenant, streamId } of events) {
    const key = `${tenant}\x00${streamId}`;
    if (!streams.has(key)) streams.set(key, { tenant, streamId, number: 0 });
  }
  // The order in which every append locks streams.
  const ordered = [...streams].sort(([a], [b]) => byBytes(a, b)).map(([, stream]) => stream);
  for (const [index, stream] of ordered.entries()) stream.number = index + 1;

  const tenant = events[0]?.tenant ?? "";
  const oneTenant = ordered.every((stream) => stream.tenant === tenant);
  const joined = (text: (event: ImportEvent) => string): string => events.map(text).join(separator);
  const joinedIfAny = (text: (event: ImportEvent) => string): string | null => (events.some((event) => text(event) !== "") ? joined(text) : null);
  return {
    tenant,
    tenants: oneTenant ? null : ordered.map((stream) => stream.tenant).join(separator),
    names: ordered.map(({ streamId }) => streamId).join(separator),
    slots: list(events.map((event) => streams.get(`${event.tenant}\x00${event.streamId}`)?.number ?? 0)),
    eventTenants: oneTenant ? null : joined((event) => event.tenant),
    ids: list(events.map(({ id }) => id)),
    types: joined(({ type }) => type),
    data: joined(({ data }) => data),
    metadata: joinedIfAny(({ metadata }) => metadata),
    tags: joinedIfAny(({ tags }) => tags),
    recordedAt: events.some(({ recordedAt }) => recordedAt !== null) ? list(events.map(({ recordedAt }) => recordedAt ?? "null")) : null,
    schemaVersions: events.some(({ schemaVersion }) => schemaVersion !== 1) ? list(events.map(({ schemaVersion }) => schemaVersion)) : null,
  };
}

/** `imported_events` */
export function lookUpValues(batch: BatchValues, positions: string | null): readonly Value[] {
  const { tenant, tenants, names, slots, eventTenants, ids, types, data, tags } = batch;
  return [tenant, tenants, names, slots, eventTenants, ids, types, data, tags, positions];
}

/** `import_events` */
export function writeValues(batch: BatchValues, positions: string | null, after: number, count: number | null): readonly Value[] {
  const { tenant, tenants, names, slots, eventTenants, ids, types, data, metadata, tags, recordedAt, schemaVersions } = batch;
  const stamps = [recordedAt, schemaVersions];
  return [tenant, tenants, names, slots, eventTenants, ids, types, data, metadata, tags, ...stamps, positions, after, count];
}
