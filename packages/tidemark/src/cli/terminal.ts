import { styleText } from "node:util";
import { escapeUnsafe, hideCredentials } from "../arguments/show.ts";

/** What a command may use of its process; tests pass their own. */
export interface Surroundings {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Results to stdout, talk to stderr. What a terminal would act on is escaped, for data may hold what moves the cursor or
 * writes the clipboard; the user and password of a URL never appear. Colour only on a terminal, and never with NO_COLOR.
 */
export class Terminal {
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  get env(): NodeJS.ProcessEnv {
    return this.#surroundings.env;
  }

  /** One line of a result. */
  print(text = "", style?: "bold"): void {
    const { stdout } = this.#surroundings;
    const line = oneLine(text);
    stdout.write(`${style === undefined ? line : styleText(style, line, { stream: stdout })}\n`);
  }

  /** A script or a help text as it is: this package's own. */
  printRaw(text: string): void {
    this.#surroundings.stdout.write(text);
  }

  /** The one JSON document of a command, on one line. */
  printJson(value: unknown): void {
    this.#surroundings.stdout.write(`${escapeUnsafe(JSON.stringify(value))}\n`);
  }

  /** What is going on, for people, a line or several. */
  say(text: string): void {
    for (const line of text.trimEnd().split("\n")) this.#surroundings.stderr.write(`${oneLine(line)}\n`);
  }

  /** Columns that line up: texts to the left, numbers to the right. */
  table(rows: readonly (readonly (string | number)[])[]): void {
    const lines = rows.map((row) => row.map((cell) => (typeof cell === "number" ? cell : oneLine(cell))));
    const widths: number[] = [];
    for (const line of lines) for (const [column, cell] of line.entries()) widths[column] = Math.max(widths[column] ?? 0, `${cell}`.length);
    for (const line of lines) {
      const cells = line.map((cell, column) => (typeof cell === "number" ? `${cell}`.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)));
      this.print(cells.join("  ").trimEnd());
    }
  }
}

function oneLine(text: string): string {
  return escapeUnsafe(hideCredentials(text));
}
