import type { Queryable, TextRow } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import { searchByTime } from "../log-search.ts";
import { type DoctorFinding, finding } from "./finding.ts";
import type { DoctorThresholds } from "./thresholds.ts";

/** Looks at the tables and indexes of the schema, collections included. */
export async function examineTables(queryable: Queryable, schema: string, thresholds: DoctorThresholds): Promise<readonly DoctorFinding[]> {
  const tables = await queryable.query({ name: "tidemark_tables", text: tablesText, unprepared: true }, [schema]);
  const [week] = await queryable.query({ name: "tidemark_events_of_a_week", text: weekText(quoteIdentifier(schema)), unprepared: true }, []);
  const indexes = await queryable.query({ name: "tidemark_indexes", text: indexesText, unprepared: true }, [schema]);
  return [
    ...tables.flatMap((row) => tableFindings(row, schema, thresholds)),
    ...indexes.flatMap((row) => indexFindings(row, schema, thresholds)),
    ...growth(tables, Number(week?.["part"] ?? 0), thresholds),
  ];
}

function tableFindings(row: TextRow, schema: string, { deadRows, deadPart, unanalysedRows }: DoctorThresholds): readonly DoctorFinding[] {
  const name = `${quoteIdentifier(schema)}.${quoteIdentifier(row["name"] ?? "")}`;
  const [dead, live] = [Number(row["dead"] ?? 0), Number(row["live"] ?? 0)];
  return [
    ...(dead >= deadRows && dead >= deadPart * (dead + live)
      ? [
          finding(
            "table-bloated",
            `${name} has ${dead} dead rows beside ${live} live ones.`,
            `vacuum (analyze) ${name}; and look for what keeps old rows visible: select pid, xact_start, query from pg_stat_activity order by xact_start;`,
          ),
        ]
      : []),
    ...(row["analysed"] === "false" && live >= unanalysedRows
      ? [finding("statistics-missing", `${name} has ${live} rows and was never analysed.`, `analyze ${name};`)]
      : []),
    ...(row["autovacuum"] === "off" ? [finding("autovacuum-off", `autovacuum is off for ${name}.`, `alter table ${name} reset (autovacuum_enabled);`)] : []),
  ];
}

function indexFindings(row: TextRow, schema: string, { unusedBytes }: DoctorThresholds): readonly DoctorFinding[] {
  const name = `${quoteIdentifier(schema)}.${quoteIdentifier(row["name"] ?? "")}`;
  const bytes = Number(row["bytes"] ?? 0);
  if (row["valid"] === "false") {
    const mend =
      row["building"] === "true"
        ? "It is being built now: wait."
        : `drop index concurrently ${name}; then create it again: tidemark indexes create, or the projection's worker.`;
    return [finding("index-invalid", `The index ${name} is invalid.`, mend)];
  }
  if (row["constrains"] === "true" || row["scans"] !== "0" || bytes < unusedBytes || bytes === 0) return [];
  return [
    finding(
      "index-unused",
      `The index ${name} takes ${megabytes(bytes)} and has never been used${row["since"] == null ? "" : ` since ${row["since"]}`}.`,
      `If no application needs it, also on replicas: drop index concurrently ${name};`,
    ),
  ];
}

/** @param part - Of the log, what was recorded in the last week. */
function growth(tables: readonly TextRow[], part: number, { doublingDays, growthBytes }: DoctorThresholds): readonly DoctorFinding[] {
  const bytes = tables.reduce((sum, row) => sum + Number(row["bytes"] ?? 0), 0);
  if (part === 0 || bytes < growthBytes) return [];
  const perDay = (bytes * part) / 7;
  const days = Math.ceil(bytes / perDay);
  if (days > doublingDays) return [];
  return [
    finding(
      "disk-growth",
      `The store takes ${megabytes(bytes)} and grew by about ${megabytes(perDay)} a day in the last week: it doubles within ${days} days.`,
      "Look how much room its disk has, and plan for it. tidemark stats tells what grows.",
    ),
  ];
}

function megabytes(bytes: number): string {
  return `${Math.max(1, Math.round(bytes / 1024 / 1024)).toLocaleString("en")} MB`;
}

/**
 * Which part of the log was recorded in the last week, by positions.
 *
 * @param schema - Quoted.
 */
function weekText(schema: string): string {
  return `
with recursive ends as (
  select (select pg_catalog.min(e.position) from ${schema}.events as e) as first, (select pg_catalog.max(e.position) from ${schema}.events as e) as last
), ${searchByTime(schema, "select pg_catalog.clock_timestamp() - interval '7 days' as since, n.first - 1 as low, n.last + 1 as high from ends as n where n.last is not null")}
select ((n.last - (select pg_catalog.max(s.low) from search as s))::double precision / greatest(1, n.last - n.first + 1)::double precision)::text as part
  from ends as n`;
}

const tablesText = `
select c.relname::text as name,
       greatest(s.n_live_tup, c.reltuples::bigint, 0)::text as live,
       s.n_dead_tup::text as dead,
       (s.last_analyze is not null or s.last_autoanalyze is not null or c.reltuples::double precision >= 0::double precision)::text as analysed,
       pg_catalog.pg_total_relation_size(c.oid)::text as bytes,
       (select 'off' from pg_catalog.unnest(c.reloptions) as o (option) where o.option in ('autovacuum_enabled=false', 'autovacuum_enabled=off')) as autovacuum
  from pg_catalog.pg_class as c
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  join pg_catalog.pg_stat_user_tables as s on s.relid = c.oid
 where n.nspname = $1::text and c.relkind = 'r'
 order by c.relname`;

const indexesText = `
select c.relname::text as name, i.indisvalid::text as valid, pg_catalog.pg_relation_size(c.oid)::text as bytes, coalesce(s.idx_scan, 0)::text as scans,
       (i.indisunique or i.indisprimary)::text as constrains,
       exists (select from pg_catalog.pg_stat_progress_create_index as p where p.index_relid = i.indexrelid)::text as building,
       (select pg_catalog.to_char(d.stats_reset, 'YYYY-MM-DD') from pg_catalog.pg_stat_database as d where d.datname = pg_catalog.current_database()) as since
  from pg_catalog.pg_index as i
  join pg_catalog.pg_class as c on c.oid = i.indexrelid
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  left join pg_catalog.pg_stat_user_indexes as s on s.indexrelid = i.indexrelid
 where n.nspname = $1::text
 order by c.relname`;
