import { describeValue } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { csvColumns, fromCell, partColumn } from "./csv-envelope.ts";
import { type CsvRecord, recordsOf } from "./csv-records.ts";
import { parseExactly } from "./exact-json.ts";
import { createMapping, type MappingOptions } from "./mapping.ts";
import type { ReadLine } from "./ndjson.ts";

export interface CsvOptions extends MappingOptions {
  /** One character. @defaultValue , */
  readonly delimiter?: string;
}

/**
 * Records as events: by the mapping that the options give, or, where they give none, by the columns that an export writes.
 *
 * @throws {@link InvalidArgumentError} — the file is empty, its header will not do, or a column does not exist.
 */
export async function* readCsv(
  chunks: AsyncIterable<Buffer>,
  { delimiter = ",", ...mapping }: CsvOptions,
): AsyncGenerator<readonly ReadLine[], void, undefined> {
  let read: ((record: CsvRecord) => ReadLine) | undefined;
  for await (const records of recordsOf(chunks, delimiter)) {
    const [first, ...others] = records;
    if (read === undefined && first !== undefined) {
      read = readerOf(checkHeader(first, delimiter), mapping);
      yield others.map(read);
    } else if (read !== undefined) yield records.map(read);
  }
  if (read === undefined) throw new InvalidArgumentError("<file>", "is empty; a CSV file begins with the names of its columns");
}

function checkHeader({ fields, problem, line }: CsvRecord, delimiter: string): readonly string[] {
  if (problem !== undefined) throw new InvalidArgumentError("<file>", `has no header: line ${line} ${problem}`);
  const names = fields.map((name) => name.trim());
  const empty = names.indexOf("");
  if (empty !== -1) throw new InvalidArgumentError("<file>", `has no name for column ${empty + 1}; every column needs one in the header`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new InvalidArgumentError("<file>", `has two columns called ${describeValue(twice)}; give them different names`);
  const other = [";", "\t", "|"].find((separator) => names.length === 1 && separator !== delimiter && names[0]?.includes(separator));
  if (other !== undefined)
    throw new InvalidArgumentError("<file>", `has only one column, called ${describeValue(names[0])}; pass --delimiter ${describeValue(other)}`);
  return names;
}

function readerOf(header: readonly string[], options: MappingOptions): (record: CsvRecord) => ReadLine {
  const isExport = options.stream === undefined && options.type === undefined && ["streamId", "type", "data"].every((name) => header.includes(name));
  const read = isExport ? envelopeReader(header, options) : mappedReader(header, options);
  return (record) => {
    const { line, text, fields, problem } = record;
    if (problem !== undefined) return { line, reason: problem, text };
    if (fields.length !== header.length) return { line, reason: `has ${fields.length} fields where the header has ${header.length}`, text };
    try {
      return read(record);
    } catch (error) {
      if (error instanceof InvalidArgumentError || error instanceof SyntaxError) return { line, reason: error.message, text };
      throw error;
    }
  };
}

function mappedReader(header: readonly string[], options: MappingOptions): (record: CsvRecord) => ReadLine {
  const mapping = createMapping(header, options);
  return ({ line, text, fields }) => {
    const { envelope, name } = mapping(fields);
    return { line, text, envelope: { value: envelope }, ...(name !== undefined && { name }) };
  };
}

function envelopeReader(header: readonly string[], options: MappingOptions): (record: CsvRecord) => ReadLine {
  const given = Object.entries(options).find(([, value]) => value !== undefined && value !== false);
  if (given) throw new InvalidArgumentError(`--${given[0]}`, "needs --stream and --type; without them the file is read by the columns that an export writes");
  const columns = [...csvColumns, partColumn];
  const unknown = header.find((name) => !columns.some(({ key }) => key === name));
  if (unknown !== undefined)
    throw new InvalidArgumentError(
      "<file>",
      `has the column ${describeValue(unknown)}, which an export does not write; map the columns with --stream and --type`,
    );
  return ({ line, text, fields }) => {
    const value: Record<string, unknown> = {};
    const exact: Record<string, unknown> = {};
    for (const [column, key] of header.entries()) {
      const cell = fields[column] ?? "";
      const kind = columns.find((known) => known.key === key)?.kind;
      if (kind === "text") value[key] = key === "tenant" || cell !== "" ? fromCell(cell) : undefined;
      else if (cell !== "") {
        const parsed = parseExactly(cell);
        value[key] = parsed.value;
        if ("exact" in parsed) exact[key] = parsed.exact;
      }
    }
    return { line, text, envelope: { value, exact } };
  };
}
