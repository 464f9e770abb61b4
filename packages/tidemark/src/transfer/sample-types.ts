import type { Database, QueryOptions } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { toSafeInteger } from "../database/number.ts";
import { type StoredType, storedTypes } from "./stored-types.ts";

/** One version of a type, with the positions of some of its events. */
export interface SampledType extends StoredType {
  /** As many as were asked for, or all where there are fewer. The first and the last event are among them, unless one was asked for. */
  readonly positions: readonly number[];
}

/** Of a large type so many times the sample is taken, at least: a hash may give fewer than its share. */
const surplus = 4;

/**
 * Finds every type and version of the events at or below a position, with a sample of each. The server reads the whole table twice, in
 * parallel where it may: first it counts each version, so that none can be missing; then it takes every event of small ones, and of large
 * ones those whose hashed position ends in as many zeros as leave a few times the sample.
 *
 * @param until - Not above the high-water mark.
 * @param size - 1 to 10,000.
 * @param tenant - Undefined: all tenants.
 */
export async function sampleTypes(
  database: Database,
  schema: string,
  { until, size, tenant }: { readonly until: number; readonly size: number; readonly tenant: string | undefined },
  signal?: AbortSignal,
): Promise<readonly SampledType[]> {
  const options: QueryOptions = { signal, timeoutMs: 0 };
  const types = await storedTypes(database, schema, { until, tenant }, signal);
  const masks = types.map(({ type, schemaVersion, count }) => ({ type, version: schemaVersion, mask: maskFor(count, size) }));
  const events = `${quoteIdentifier(schema)}.events`;
  const rows = await database.query(
    { name: "tidemark_sample_types", text: sampleSql(events), unprepared: true },
    [until, JSON.stringify(masks), tenant ?? null],
    options,
  );
  const found = new Map(rows.map((row) => [keyOf(row["type"] ?? "", Number(row["schema_version"])), (row["positions"] ?? "").split(",").map(Number)]));
  const sampled: SampledType[] = [];
  for (const type of types) {
    const ends = [type.lastPosition, type.firstPosition];
    let positions = [...new Set([...ends, ...(found.get(keyOf(type.type, type.schemaVersion)) ?? [])])].slice(0, size);
    if (positions.length < Math.min(size, type.count)) {
      // The hash gave too few of a large type, whose events are soon found.
      const statement = { name: "tidemark_first_positions", text: firstPositionsSql(events), unprepared: true } as const;
      const first = await database.query(statement, [until, type.type, type.schemaVersion, size, tenant ?? null], options);
      positions = first.map(({ position }) => toSafeInteger(position));
    }
    sampled.push({ ...type, positions });
  }
  return sampled;
}

/** 0 takes all; each bit more halves what is taken. */
function maskFor(count: number, size: number): number {
  return 2 ** Math.min(30, Math.max(0, Math.floor(Math.log2(count / (size * surplus))))) - 1;
}

function keyOf(type: string, schemaVersion: number): string {
  return `${schemaVersion} ${type}`;
}

function sampleSql(events: string): string {
  return `
select e.type, e.schema_version::text as schema_version, pg_catalog.string_agg(e.position::text, ',') as positions
  from ${events} as e
  join pg_catalog.jsonb_to_recordset($2::text::jsonb) as m (type text collate "C", version smallint, mask integer)
    on m.type = e.type and m.version = e.schema_version
 where e.position <= $1::bigint and pg_catalog.hashint8(e.position) & m.mask = 0 and ($3::text is null or e.tenant = $3::text)
 group by e.type, e.schema_version`;
}

function firstPositionsSql(events: string): string {
  return `
select e.position::text as position
  from ${events} as e
 where e.position <= $1::bigint and e.type = $2::text and e.schema_version = $3::smallint and ($5::text is null or e.tenant = $5::text)
 order by e.position
 limit $4::bigint`;
}
