import { describeValue } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { columnOf, parseColumnOrTemplate, parseTemplate, type Template } from "./template.ts";

/** How the columns of a CSV file become events. Templates are texts such as `"file-{path}"`. */
export interface MappingOptions {
  /** A template. */
  readonly stream?: string;
  /** A template; a text without a column is the type of all. */
  readonly type?: string;
  /** A column or a template. */
  readonly time?: string;
  /** A column or a template: a UUID, or any text that names the event. */
  readonly id?: string;
  /** Templates; an empty tag is left out. */
  readonly tag?: readonly string[];
  /** Columns that go into metadata instead of data. */
  readonly metadata?: readonly string[];
  /** Columns whose values are numbers; an empty one is left out. */
  readonly number?: readonly string[];
  /** Columns that go into data although another option names them. */
  readonly data?: readonly string[];
  /** Leaves empty values out of data and metadata. */
  readonly omitEmpty?: boolean;
}

/** A record as an envelope, and the name of its event where it has no id. */
export interface Mapped {
  readonly envelope: Readonly<Record<string, unknown>>;
  readonly name?: string;
}

export type Mapping = (fields: readonly string[]) => Mapped;

const uuid = /^(?:urn:uuid:)?\{?[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\}?$/i;
const decimal = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * What `options` make of a record. Columns that become the stream, the type, the time, the id or metadata leave data; those in
 * tags stay in it.
 *
 * @throws {@link InvalidArgumentError} — a column does not exist, or `stream` or `type` is missing.
 */
export function createMapping(header: readonly string[], options: MappingOptions): Mapping {
  const stream = parseTemplate(needed(options.stream, "--stream", "file-{path}"), header, "--stream");
  const type = parseTemplate(needed(options.type, "--type", "{change}"), header, "--type");
  const time = options.time === undefined ? undefined : parseColumnOrTemplate(options.time, header, "--time");
  const id = options.id === undefined ? undefined : parseColumnOrTemplate(options.id, header, "--id");
  const tags = (options.tag ?? []).map((text) => parseTemplate(text, header, "--tag"));
  const columns = (names: readonly string[] | undefined, option: string): number[] => (names ?? []).map((name) => columnOf(name, header, option));
  const metadata = columns(options.metadata, "--metadata");
  const numbers = new Set(columns(options.number, "--number"));
  const again = columns(options.data, "--data");
  const used = new Set([...[stream, type, time, id].flatMap((template) => template?.columns ?? []), ...metadata]);
  const data = header.map((_name, column) => column).filter((column) => !used.has(column) || again.includes(column));

  const collect = (from: readonly number[], fields: readonly string[]): Record<string, string | number> => {
    // Without a prototype, so that a column of any name is a key like others.
    const values: Record<string, string | number> = Object.create(null);
    for (const column of from) {
      const text = fields[column] ?? "";
      const name = header[column] ?? "";
      if (text === "" && (options.omitEmpty || numbers.has(column))) continue;
      values[name] = numbers.has(column) ? toNumber(text, name) : text;
    }
    return values;
  };
  return (fields) => {
    const event = id?.fill(fields) ?? "";
    return {
      envelope: {
        streamId: stream.fill(fields),
        type: type.fill(fields),
        data: collect(data, fields),
        metadata: collect(metadata, fields),
        tags: filled(tags, fields),
        recordedAt: time?.fill(fields),
        ...(uuid.test(event) && { id: event }),
      },
      ...(event !== "" && !uuid.test(event) && { name: event }),
    };
  };
}

function needed(template: string | undefined, option: string, example: string): string {
  if (template !== undefined) return template;
  throw new InvalidArgumentError(
    option,
    `is missing: the file's header is not that of an export, so say what each record becomes, e.g. ${option} "${example}" with the name of a column in braces`,
  );
}

function filled(templates: readonly Template[], fields: readonly string[]): readonly string[] {
  return templates.filter(({ columns }) => columns.every((column) => fields[column] !== "")).map((template) => template.fill(fields));
}

function toNumber(text: string, column: string): number {
  // Zero with a sign, as other programs write it, is zero.
  const value = Number(text) + 0;
  if (!decimal.test(text.trim())) throw new InvalidArgumentError(column, `is ${describeValue(text)}, which is not a number`);
  if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
    throw new InvalidArgumentError(column, `is ${describeValue(text)}, which JavaScript cannot hold exactly; keep it as text, without --number`);
  }
  return value;
}
