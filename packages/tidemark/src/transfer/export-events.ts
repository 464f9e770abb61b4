import type { Database, TextRow } from "../database/database.ts";
import { LogPages, type RowPage, type Wanted } from "../feed/log-pages.ts";
import { MarkReader } from "../feed/mark.ts";
import { csvColumns, toCell } from "./csv-envelope.ts";
import { StatementsBySize } from "../read/statements-by-size.ts";

export interface ExportOptions {
  readonly wanted: Wanted;
  readonly format: "ndjson" | "csv";
  /** Exclusive. */
  readonly after: number;
  /** Inclusive. The high-water mark at the start, if that is less. */
  readonly until: number;
  readonly progress: (report: ExportReport) => void;
}

export interface ExportReport {
  readonly events: number;
  /** Everything that was asked for up to here is in the export. */
  readonly position: number;
  /** From 0 to 1, by positions. */
  readonly fraction: number;
}

/**
 * The events up to the high-water mark as it is at the start, in the order of the log, as text in pieces of some mebibytes.
 * Nothing can appear below the mark later, so that the export is whole, however long it takes. Data and metadata are the
 * database's own JSON, never parsed: every number comes out as it is.
 */
export async function* exportEvents(database: Database, schema: string, options: ExportOptions): AsyncGenerator<string, ExportReport, undefined> {
  const { wanted, format, after, progress } = options;
  const mark = await new MarkReader(database, schema).read();
  const until = Math.max(after, Math.min(options.until, mark.position));
  const line = format === "csv" ? csvLine : ndjsonLine;
  let report: ExportReport = { events: 0, position: after, fraction: after === until ? 1 : 0 };
  if (format === "csv") yield `${csvColumns.map(({ key }) => key).join(",")}\r\n`;
  if (after === until) return report;

  const pages = new LogPages(database, new StatementsBySize(schema)).open(after, until, wanted, new AbortController().signal);
  const next = (): Promise<RowPage> => {
    const page = pages.next();
    // Heard where it is awaited; until then a failure must not count as unhandled.
    page.catch(() => {});
    return page;
  };
  for (let coming = next(); ;) {
    const { rows, reached, last } = await coming;
    if (!last) coming = next();
    report = { events: report.events + rows.length, position: reached, fraction: (reached - after) / (until - after) };
    if (rows.length > 0)
      for (let at = 0; at < rows.length; at += 512)
        yield rows
          .slice(at, at + 512)
          .map(line)
          .join("");
    progress(report);
    if (last) return report;
  }
}

/** The envelope of `toEnvelope`, key by key. */
function ndjsonLine(row: TextRow): string {
  const tags = row["tags"] ? JSON.stringify(row["tags"].split("\x1f")) : "[]";
  return `{"streamId":${JSON.stringify(row["stream_name"])},"type":${JSON.stringify(row["type"])},"data":${row["data"]},"metadata":${row["metadata"] ?? "{}"},"id":"${row["id"]}","tags":${tags},"recordedAt":"${timeOf(row)}","schemaVersion":${row["schema_version"]},"tenant":${JSON.stringify(row["tenant"])},"version":${row["version"]},"position":${row["position"]}}\n`;
}

function csvLine(row: TextRow): string {
  const cells = [
    toCell(row["stream_name"] ?? ""),
    toCell(row["type"] ?? ""),
    quoted(row["data"] ?? "null"),
    quoted(row["metadata"] ?? ""),
    row["id"] ?? "",
    row["tags"] ? quoted(JSON.stringify(row["tags"].split("\x1f"))) : "",
    timeOf(row),
    row["schema_version"] ?? "",
    toCell(row["tenant"] ?? ""),
    row["version"] ?? "",
    row["position"] ?? "",
  ];
  return `${cells.join(",")}\r\n`;
}

/** JSON as a cell. */
function quoted(json: string): string {
  return /[",\r\n]/.test(json) ? `"${json.replaceAll('"', '""')}"` : json;
}

function timeOf(row: TextRow): string {
  return new Date(Number(row["recorded_at"])).toISOString();
}
