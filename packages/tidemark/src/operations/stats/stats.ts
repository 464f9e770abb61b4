import type { Database, TextRow } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import { toSafeInteger } from "../../database/number.ts";
import { countedDaysStatement, sampledBlocks, searchedDaysStatement, sharesStatement, sizesStatement, sizeStatement } from "./stats-sql.ts";
import type { StatsCount, StatsShare, StoreStats } from "./store-stats.ts";

/** Blocks of the log up to which all of it is counted: some 100,000 events. */
const countedBlocks = 2_000;

export interface StatsContext {
  readonly database: Pick<Database, "query">;
  readonly schema: string;
  /** Undefined: all tenants. */
  readonly tenant: string | undefined;
  readonly days: number;
  /** For tests. @defaultValue 2,000 */
  readonly countedBlocks?: number;
}

/**
 * What the store holds. A small log is counted; of a large one some blocks are sampled, and the rest is what PostgreSQL keeps of the size of
 * tables, so that it takes as long for a hundred million events as for one.
 */
export async function stats({ database, schema, tenant, days, countedBlocks: most = countedBlocks }: StatsContext): Promise<StoreStats> {
  const quoted = quoteIdentifier(schema);
  const [size = {}] = await database.query(sizeStatement(quoted), []);
  const blocks = Number(size["blocks"]);
  const estimated = blocks > most;
  const [shares, sizes] = await Promise.all([
    database.query(sharesStatement(quoted, estimated ? { blocks } : undefined), [tenant ?? null]),
    database.query(sizesStatement, [schema]),
  ]);
  const total = (wanted: string): number => Number(shares.find(({ kind }) => kind === wanted)?.["events"] ?? 0);
  const lookedAt = total("all");
  const all = estimated ? reckon(size, tenant, lookedAt) : lookedAt;
  const of = (wanted: string, from = lookedAt): readonly StatsShare[] =>
    shares
      .filter(({ kind }) => kind === wanted)
      .map(({ name, events }) => ({ name: name ?? "", count: Math.round((Number(events) * all) / Math.max(1, from)), estimated }));
  const { tables, indexes } = onDisk(sizes);
  const last = toSafeInteger(size["last"] ?? "0");
  return {
    events: { count: Math.round(all), estimated },
    streams: estimated ? estimatedStreams(size, tenant) : { count: total("streams"), estimated },
    types: of("type"),
    categories: of("category", total("categorised")),
    tenants: of("tenant"),
    days: estimated
      ? await searchedDays(database, quoted, { last, days, density: all / Math.max(1, last) })
      : await countedDays(database, quoted, tenant, days),
    largestStreams: shares
      .filter(({ kind }) => kind === "stream")
      .map(({ name, tenant: owner, events }) => ({ streamId: name ?? "", tenant: owner ?? "", events: Number(events) })),
    tables,
    indexes,
    bytes: tables.reduce((sum, { bytes, indexBytes }) => sum + bytes + indexBytes, 0),
  };
}

/**
 * How many events there are. Of all tenants PostgreSQL knows it, once the log was vacuumed or analysed; else as many as the sampled blocks had, for
 * each block.
 */
function reckon(size: TextRow, tenant: string | undefined, lookedAt: number): number {
  const known = Number(size["events"]);
  if (tenant === undefined && known >= 0) return known;
  return lookedAt * Math.max(1, Number(size["blocks"]) / sampledBlocks);
}

function estimatedStreams(size: TextRow, tenant: string | undefined): StatsCount | null {
  const known = Number(size["streams"]);
  return tenant === undefined && known >= 0 ? { count: known, estimated: true } : null;
}

async function countedDays(database: StatsContext["database"], schema: string, tenant: string | undefined, days: number): Promise<readonly StatsShare[]> {
  const rows = await database.query(countedDaysStatement(schema), [tenant ?? null, days]);
  return rows.map(({ name, events }) => ({ name: name ?? "", count: Number(events), estimated: false }));
}

/** @param of.density - Events for each position. */
async function searchedDays(
  database: StatsContext["database"],
  schema: string,
  { last, days, density }: { readonly last: number; readonly days: number; readonly density: number },
): Promise<readonly StatsShare[]> {
  const rows = await database.query(searchedDaysStatement(schema), [last, days]);
  return rows.map(({ name, events }) => ({ name: name ?? "", count: Math.round(Number(events) * Math.min(1, density)), estimated: true }));
}

function onDisk(rows: readonly TextRow[]): Pick<StoreStats, "tables" | "indexes"> {
  const number = (row: TextRow, column: string): number => Number(row[column] ?? 0);
  const tables = rows
    .filter(({ kind }) => kind === "table")
    .map((row) => ({ name: row["name"] ?? "", rows: number(row, "number"), bytes: number(row, "bytes"), indexBytes: number(row, "index_bytes") }))
    .sort((a, b) => b.bytes + b.indexBytes - a.bytes - a.indexBytes);
  const indexes = rows
    .filter(({ kind }) => kind === "index")
    .map((row) => ({ name: row["name"] ?? "", table: row["of"] ?? "", bytes: number(row, "bytes"), scans: number(row, "number") }))
    .sort((a, b) => b.bytes - a.bytes);
  return { tables, indexes };
}
