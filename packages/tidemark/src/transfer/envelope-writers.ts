import type { TextRow } from "../database/database.ts";
import { csvColumns, partColumn, toCell } from "./csv-envelope.ts";
import { type EventWriter, tagsOf, timeOf } from "./event-writer.ts";

/** The envelope of `toEnvelope`, key by key, one a line. */
export const ndjsonWriter: EventWriter = { head: "", between: "", foot: "", write: ndjsonLine };

/** The same as CSV. @param withParts - Whether a catalogue may have made several events of a stored one. */
export function csvWriter(withParts: boolean): EventWriter {
  const names = [...csvColumns, ...(withParts ? [partColumn] : [])].map(({ key }) => key);
  const ended = (row: TextRow): string => (withParts ? `,${row["part"] ?? ""}\r\n` : "\r\n");
  return { head: `${names.join(",")}\r\n`, between: "", foot: "", write: (row) => csvCells(row) + ended(row) };
}

function ndjsonLine(row: TextRow): string {
  const tags = row["tags"] ? JSON.stringify(tagsOf(row)) : "[]";
  return `{"streamId":${JSON.stringify(row["stream_name"])},"type":${JSON.stringify(row["type"])},"data":${row["data"]},"metadata":${row["metadata"] ?? "{}"},"id":"${row["id"]}","tags":${tags},"recordedAt":"${timeOf(row)}","schemaVersion":${row["schema_version"]},"tenant":${JSON.stringify(row["tenant"])},"version":${row["version"]},"position":${row["position"]}${row["part"] === undefined ? "" : `,"part":${row["part"]}`}}\n`;
}

function csvCells(row: TextRow): string {
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
  return cells.join(",");
}

/** JSON as a cell. */
function quoted(json: string): string {
  return /[",\r\n]/.test(json) ? `"${json.replaceAll('"', '""')}"` : json;
}
