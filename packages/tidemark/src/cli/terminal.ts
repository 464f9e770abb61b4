import { styleText } from "node:util";

/** What a command may use of its process; tests pass their own. */
export interface Surroundings {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: NodeJS.ProcessEnv;
}

/** Control characters as escapes: data may hold what moves the cursor, sets the title or writes the clipboard. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what it is about
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Data to stdout, talk to stderr; colour only on a terminal, and never with NO_COLOR. */
export class Terminal {
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  get env(): NodeJS.ProcessEnv {
    return this.#surroundings.env;
  }

  /** A result, for people and pipes. */
  print(text = "", style?: "bold" | "dim"): void {
    const safe = printable(text);
    this.#surroundings.stdout.write(`${style === undefined ? safe : styleText(style, safe, { stream: this.#surroundings.stdout })}\n`);
  }

  /** A script, as it is: its text is this package's own. */
  printRaw(text: string): void {
    this.#surroundings.stdout.write(text);
  }

  /** One JSON document a line. JSON escapes control characters itself. */
  printJson(value: unknown): void {
    this.#surroundings.stdout.write(`${JSON.stringify(value)}\n`);
  }

  /** What is going on, for people. */
  say(text: string): void {
    this.#surroundings.stderr.write(`${printable(text)}\n`);
  }

  /** Columns that line up: the first to the left, numbers to the right. */
  table(rows: readonly (readonly (string | number)[])[]): void {
    const widths: number[] = [];
    for (const row of rows) for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, `${cell}`.length);
    for (const row of rows) {
      const cells = row.map((cell, column) => (typeof cell === "number" ? `${cell}`.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)));
      this.print(cells.join("  ").trimEnd());
    }
  }
}
