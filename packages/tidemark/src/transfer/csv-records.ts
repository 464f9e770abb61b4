import { linesOf, type TextLine } from "./lines.ts";
import { describeValue } from "../arguments/describe-value.ts";

/** A record of a CSV file: its fields, or why it has none. */
export interface CsvRecord {
  /** Where it begins. */
  readonly line: number;
  readonly text: string;
  readonly fields: readonly string[];
  readonly problem?: string;
}

/** A field of many lines. What is longer is a quote that was never closed. */
const maxRecordUnits = 16 * 1024 * 1024;

/**
 * The records of a CSV file by RFC 4180, in groups as they come: fields may be quoted, and then hold the delimiter, line ends
 * and doubled quotes. Blank lines are passed over.
 *
 * After a record that is wrong, reading goes on at the line behind the one where it began, so that a stray quote costs one
 * record, not the rest of the file.
 */
export async function* recordsOf(chunks: AsyncIterable<Buffer>, delimiter: string): AsyncGenerator<readonly CsvRecord[], void, undefined> {
  let waiting: TextLine[] = [];
  for await (const lines of linesOf(chunks)) {
    waiting = waiting.length === 0 ? [...lines] : waiting.concat(lines);
    const { records, taken } = take(waiting, delimiter, false);
    waiting = waiting.slice(taken);
    if (records.length > 0) yield records;
  }
  const { records } = take(waiting, delimiter, true);
  if (records.length > 0) yield records;
}

function take(lines: readonly TextLine[], delimiter: string, final: boolean): { readonly records: readonly CsvRecord[]; readonly taken: number } {
  const records: CsvRecord[] = [];
  let at = 0;
  while (at < lines.length) {
    const span = spanOf(lines, at);
    if (span === undefined && !final && unitsOf(lines, at) <= maxRecordUnits) break;
    const record = readRecord(lines, at, span, delimiter);
    if (record) records.push(record);
    at += record?.problem === undefined ? (span ?? 1) : 1;
  }
  return { records, taken: at };
}

/** How many lines the record at `from` has: as many as make its quotes even. Undefined where they never are. */
function spanOf(lines: readonly TextLine[], from: number): number | undefined {
  let open = false;
  let units = 0;
  for (let at = from; at < lines.length; at++) {
    const { text, problem } = lines[at] ?? { text: "" };
    if (problem !== undefined && at > from) return undefined;
    for (let quote = text.indexOf('"'); quote !== -1; quote = text.indexOf('"', quote + 1)) open = !open;
    if (!open) return at - from + 1;
    units += text.length;
    if (units > maxRecordUnits) return undefined;
  }
  return undefined;
}

function unitsOf(lines: readonly TextLine[], from: number): number {
  let units = 0;
  for (let at = from; at < lines.length; at++) units += lines[at]?.text.length ?? 0;
  return units;
}

function readRecord(lines: readonly TextLine[], at: number, span: number | undefined, delimiter: string): CsvRecord | undefined {
  const [first] = lines.slice(at, at + 1);
  if (first === undefined) return undefined;
  const { number: line, problem } = first;
  if (problem !== undefined) return { line, text: first.text, fields: [], problem };
  if (span === undefined) return { line, text: first.text, fields: [], problem: "has a quote that is never closed" };
  const whole =
    span === 1
      ? first.text
      : lines
          .slice(at, at + span)
          .map(({ text }) => text)
          .join("\n");
  const text = whole.endsWith("\r") ? whole.slice(0, -1) : whole;
  if (text.trim() === "") return undefined;
  const fields = text.includes('"') ? quotedFields(text, delimiter) : text.includes("\r") ? bareReturn : text.split(delimiter);
  return typeof fields === "string" ? { line, text, fields: [], problem: fields } : { line, text, fields };
}

/** A file whose lines end in CR alone is one line, and would be a header with nothing below it. */
const bareReturn = "has a carriage return outside of quotes; end lines with LF or CRLF (tr '\\r' '\\n' < old.csv > new.csv), or quote the field";

/** The fields of a record with quotes, or what is wrong with it. */
function quotedFields(text: string, delimiter: string): string[] | string {
  const fields: string[] = [];
  for (let at = 0; ;) {
    if (text[at] === '"') {
      let value = "";
      let close = text.indexOf('"', ++at);
      while (text[close + 1] === '"') {
        value += text.slice(at, close + 1);
        at = close + 2;
        close = text.indexOf('"', at);
      }
      if (close === -1) return `has a quote in field ${fields.length + 1} that is never closed`;
      fields.push(value + text.slice(at, close));
      at = close + 1;
      if (at === text.length) return fields;
      if (text[at] !== delimiter) return `has ${describeValue(text[at])} behind the closing quote of field ${fields.length}`;
    } else {
      const found = text.indexOf(delimiter, at);
      const field = text.slice(at, found === -1 ? text.length : found);
      if (field.includes('"')) return `has a quote inside field ${fields.length + 1}, which is not quoted; quote the field and double the quote`;
      if (field.includes("\r")) return bareReturn;
      fields.push(field);
      if (found === -1) return fields;
      at = found;
    }
    at++;
  }
}
