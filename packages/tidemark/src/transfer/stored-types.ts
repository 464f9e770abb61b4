import type { Database, TextRow } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { milliseconds } from "../database/milliseconds.ts";
import { toSafeInteger } from "../database/number.ts";

/** One version of a type's shape, as the log holds it. */
export interface StoredType {
  readonly type: string;
  readonly schemaVersion: number;
  readonly count: number;
  readonly firstPosition: number;
  readonly lastPosition: number;
  /** When the events at the first and the last position were recorded; an import keeps older times than its neighbours have. */
  readonly firstAt: Date;
  readonly lastAt: Date;
}

/**
 * Every type and version of the events at or below a position, by name and version. The server reads the whole table, with several
 * processes where it may, and sends one row for each version: no index has to be kept for it, and nothing can be missing.
 *
 * @param until - Not above the high-water mark.
 * @param tenant - Undefined: all tenants.
 */
export async function storedTypes(
  database: Database,
  schema: string,
  { until, tenant }: { readonly until: number; readonly tenant: string | undefined },
  signal?: AbortSignal,
): Promise<readonly StoredType[]> {
  const events = `${quoteIdentifier(schema)}.events`;
  const text = `
select t.type, t.schema_version::text as schema_version, t.count::text as count, t.first::text as first, t.last::text as last,
       ${milliseconds("f.recorded_at")} as first_at, ${milliseconds("l.recorded_at")} as last_at
  from (
    select e.type, e.schema_version, pg_catalog.count(*) as count, pg_catalog.min(e.position) as first, pg_catalog.max(e.position) as last
      from ${events} as e
     where e.position <= $1::bigint and ($2::text is null or e.tenant = $2::text)
     group by e.type, e.schema_version
  ) as t
  join ${events} as f on f.position = t.first
  join ${events} as l on l.position = t.last
 order by t.type, t.schema_version`;
  const rows = await database.query({ name: "tidemark_stored_types", text, unprepared: true }, [until, tenant ?? null], { signal, timeoutMs: 0 });
  return rows.map(toStoredType);
}

function toStoredType(row: TextRow): StoredType {
  return {
    type: row["type"] ?? "",
    schemaVersion: Number(row["schema_version"]),
    count: toSafeInteger(row["count"]),
    firstPosition: toSafeInteger(row["first"]),
    lastPosition: toSafeInteger(row["last"]),
    firstAt: new Date(Number(row["first_at"])),
    lastAt: new Date(Number(row["last_at"])),
  };
}
