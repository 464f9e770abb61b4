export type Row = readonly (string | number)[];

/** Rows as lines whose cells stand under each other: texts to the left, numbers to the right. */
export class Columns {
  /** They only grow, so that rows that come later line up with those before wherever they fit. */
  readonly #widths: number[] = [];

  lines(rows: readonly Row[]): string[] {
    for (const row of rows) {
      for (const [column, cell] of row.entries()) {
        // A text at the end of its line has nothing to push aside, however long it is.
        if (typeof cell === "string" && column === row.length - 1) continue;
        this.#widths[column] = Math.max(this.#widths[column] ?? 0, `${cell}`.length);
      }
    }
    return rows.map((row) =>
      row
        .map((cell, column) => this.#pad(cell, column))
        .join("  ")
        .trimEnd(),
    );
  }

  #pad(cell: string | number, column: number): string {
    const width = this.#widths[column] ?? 0;
    return typeof cell === "number" ? `${cell}`.padStart(width) : cell.padEnd(width);
  }
}

/** How many lines are lined up together, and how much of their text is held for it. */
const groupLines = 100;
const groupCharacters = 65_536;

/** The same for rows that may be without end. @param width - Characters of a line, which is cut there; undefined: never. */
export async function* lineUp(rows: AsyncIterable<Row>, width?: number): AsyncGenerator<string, void, undefined> {
  const columns = new Columns();
  let group: Row[] = [];
  let characters = 0;
  const lines = (): string[] => columns.lines(group).map((line) => cut(line, width));
  try {
    for await (const row of rows) {
      group.push(row);
      for (const cell of row) characters += `${cell}`.length;
      if (group.length < groupLines && characters < groupCharacters) continue;
      const full = lines();
      [group, characters] = [[], 0];
      yield* full;
    }
  } catch (error) {
    // What came before a failure was read, and is shown.
    yield* lines();
    throw error;
  }
  yield* lines();
}

/** The beginning of a text that fits, by characters: half a surrogate pair would be shown as garbage. */
function cut(text: string, width: number | undefined): string {
  if (width === undefined || text.length <= width) return text;
  const characters = Array.from(text.slice(0, width * 2));
  return characters.length > width || text.length > width * 2 ? `${characters.slice(0, width - 1).join("")}…` : text;
}
