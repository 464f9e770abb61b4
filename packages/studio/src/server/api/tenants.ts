import type { RecordedEvent, StoreStats } from "tidemark";
import type { TenantLine, TenantsReport } from "../../wire/tenant-reports.ts";
import { eventLine } from "../events/event-documents.ts";
import type { SharedCall } from "./call.ts";
import { mostRows } from "./parameters.ts";

/** Whose events there are, and what the tables take. It costs the statistics, and two pages of the log. */
export function tenants({ store, shared, options }: SharedCall): Promise<TenantsReport> {
  const reader = { tenants: options.tenants, raw: true } as const;
  return shared.of("tenants", 60_000, async () => {
    const stats = await store.stats({ days: 1 });
    const mark = await store.highWaterMark();
    const [oldest] = await store.readAll({ ...reader, limit: 1 }).toArray();
    const newest = await store.readAll({ ...reader, direction: "backward", limit: mostRows }).toArray();
    const all = options.tenants === "all";
    return {
      at: Date.now(),
      all,
      tenants: all ? tenantLines(stats, newest) : [],
      looked: newest.length,
      mark,
      oldest: oldest ? eventLine(oldest) : null,
      newest: newest[0] ? eventLine(newest[0]) : null,
      tables: stats.tables,
      bytes: stats.bytes,
    };
  });
}

function tenantLines({ tenants: shares, tables }: StoreStats, newest: readonly RecordedEvent[]): readonly TenantLine[] {
  const log = tables.find(({ name }) => name === "events");
  const bytes = log ? log.bytes + log.indexBytes : 0;
  const events = shares.reduce((sum, { count }) => sum + count, 0);
  return shares.map((share) => {
    const last = newest.find(({ tenant }) => tenant === share.name);
    return { ...share, bytes: Math.round((bytes * share.count) / Math.max(1, events)), newest: last ? eventLine(last) : null };
  });
}
