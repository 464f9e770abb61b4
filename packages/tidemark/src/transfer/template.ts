import { describeValue } from "../arguments/describe-value.ts";
import { didYouMean } from "../arguments/suggest.ts";
import { InvalidArgumentError } from "../errors/errors.ts";

/** A text with the values of a record's columns in it. */
export interface Template {
  /** The places of the columns that it names. */
  readonly columns: readonly number[];
  fill(fields: readonly string[]): string;
}

/**
 * `"file-{path}"` with the value of the column `path`. `{{` and `}}` are braces themselves.
 *
 * @throws {@link InvalidArgumentError} — a column does not exist, or a brace is not closed.
 */
export function parseTemplate(text: string, header: readonly string[], option: string): Template {
  const parts: (string | number)[] = [];
  for (const [piece] of text.matchAll(/\{\{|\}\}|\{[^{}]*\}|[^{}]+|[{}]/g)) {
    if (piece === "{" || piece === "}")
      throw new InvalidArgumentError(option, `has a single "${piece}" in ${describeValue(text)}; write a column as {name}, and a brace twice`);
    if (piece === "{{" || piece === "}}") parts.push(piece.slice(1));
    else parts.push(piece.startsWith("{") ? columnOf(piece.slice(1, -1), header, option) : piece);
  }
  return {
    columns: parts.filter((part) => typeof part === "number"),
    fill: (fields) => parts.map((part) => (typeof part === "number" ? (fields[part] ?? "") : part)).join(""),
  };
}

/** A column by its name alone, or a template. */
export function parseColumnOrTemplate(text: string, header: readonly string[], option: string): Template {
  if (/[{}]/.test(text) && !header.includes(text)) return parseTemplate(text, header, option);
  const column = columnOf(text, header, option);
  return { columns: [column], fill: (fields) => fields[column] ?? "" };
}

export function columnOf(name: string, header: readonly string[], option: string): number {
  const found = header.indexOf(name);
  if (found !== -1) return found;
  const hint = didYouMean(name, header);
  throw new InvalidArgumentError(
    option,
    `names the column ${describeValue(name)}, but the file does not have it${hint === "" ? `; it has ${header.slice(0, 20).map(describeValue).join(", ")}` : hint}`,
  );
}
