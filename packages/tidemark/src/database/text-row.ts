/** The key of a row's values: no column has it. */
const values: unique symbol = Symbol("values");

/**
 * One row of an answer. Every column of the library's statements is text, read by its name: `row["position"]`.
 *
 * A class, so that the linter refuses to spread one: columns may be read from the class, where a copy would lose them. See `withColumns`.
 */
export abstract class TextRow {
  readonly [column: string]: string | null;
}

/** Makes the rows of one answer from what the driver's parser read. */
export type RowClass = new (values: readonly (string | null)[]) => TextRow;

class ParsedRow extends TextRow {
  readonly [values]: readonly (string | null)[];

  constructor(parsed: readonly (string | null)[]) {
    super();
    this[values] = parsed;
  }
}

/**
 * A class of rows with these columns.
 *
 * A row holds the array that the driver's parser has made, and its class knows where in it each column is. To fill an object with a
 * property for each column takes as long as to read the values from the socket, because V8 looks up each name anew.
 */
export function rowClass(columns: readonly string[]): RowClass {
  class AnswerRow extends ParsedRow {}
  for (const [index, column] of columns.entries()) {
    Object.defineProperty(AnswerRow.prototype, column, {
      // Of two columns with one name the last is read, as in the driver's own rows.
      configurable: true,
      enumerable: true,
      get(this: ParsedRow): string | null | undefined {
        return this[values][index];
      },
    });
  }
  return AnswerRow;
}

/** The row with other values in these columns, or with these columns besides its own. */
export function withColumns(row: TextRow, columns: Readonly<Record<string, string>>): TextRow {
  const changed: Record<string, string | null> = {};
  for (const column in row) changed[column] = row[column] ?? null;
  return Object.assign(changed, columns);
}
