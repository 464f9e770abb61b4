import type { EventEnvelope } from "./envelope.ts";

/** The columns of an export, in order, and what a cell holds. */
export const csvColumns: readonly { readonly key: keyof EventEnvelope; readonly kind: "text" | "json" }[] = [
  { key: "streamId", kind: "text" },
  { key: "type", kind: "text" },
  { key: "data", kind: "json" },
  { key: "metadata", kind: "json" },
  { key: "id", kind: "text" },
  { key: "tags", kind: "json" },
  { key: "recordedAt", kind: "text" },
  { key: "schemaVersion", kind: "json" },
  { key: "tenant", kind: "text" },
  { key: "version", kind: "json" },
  { key: "position", kind: "json" },
];

/** The column behind them where a catalogue may have made several events of a stored one. */
export const partColumn: (typeof csvColumns)[number] = { key: "part", kind: "json" };

/** A spreadsheet runs a cell that begins like this as a formula. */
const formula = /^'*[=+\-@\t\r]/;

/** A text as a cell that no spreadsheet runs: with an apostrophe in front, which `fromCell` takes away. */
export function toCell(text: string): string {
  const safe = formula.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** The text of a cell. */
export function fromCell(cell: string): string {
  return /^'+[=+\-@\t\r]/.test(cell) ? cell.slice(1) : cell;
}
