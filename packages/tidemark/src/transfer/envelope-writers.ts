import type { TextRow } from "../database/database.ts";
import { csvColumns, toCell } from "./csv-envelope.ts";
import { type EventWriter, tagsOf, timeOf } from "./event-writer.ts";

/** The envelope of `toEnvelope`, key by key, one a line. */
export const ndjsonWriter: EventWriter = { head: "", between: "", foot: "", write: ndjsonLine };

/** The same as CSV. */
export const csvWriter: EventWriter = { head: `${csvColumns.map(({ key }) => key).join(",")}\r\n`, between: "", foot: "", write: csvLine };

function ndjsonLine(row: TextRow): string {
  const tags = row["tags"] ? JSON.stringify(tagsOf(row)) : "[]";
  return `{"streamId":${JSON.stringify(row["stream_name"])},"type":${JSON.stringify(row["type"])},"data":${row["data"]},"metadata":${row["metadata"] ?? "{}"},"id":"${row["id"]}","tags":${tags},"recordedAt":"${timeOf(row)}","schemaVersion":${row["schema_version"]},"tenant":${JSON.stringify(row["tenant"])},"version":${row["version"]},"position":${row["position"]}}\n`;
}

function csvLine(row: TextRow): string {
  const cells = [
    toCell(row["stream_name"] ?? ""),
    toCell(row["type"] ?? ""),
    quoted(row["data"] ?? "null"),
    quoted(row["metadata"] ?? ""),
    row["id"] ?? "",
    row["tags"] ? quoted(JSON.stringify(tagsOf(row))) : "",
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
