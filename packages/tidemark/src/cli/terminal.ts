import { once } from "node:events";
import { styleText } from "node:util";
import { escapeUnsafe, hideCredentials } from "../arguments/describe-value.ts";
import { Columns } from "./columns.ts";

export type Input = AsyncIterable<Uint8Array | string> & { readonly isTTY?: boolean };

/** What a command may use of its process; tests pass their own. */
export interface Surroundings {
  readonly stdin: Input;
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: NodeJS.WritableStream;
  readonly env: NodeJS.ProcessEnv;
  /** The working directory. */
  cwd(): string;
}

/** Written at once: a system call for each line would take longer than the reading. */
const chunkCharacters = 65_536;

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

  /** The working directory, from which the configuration is looked for. */
  get cwd(): string {
    return this.#surroundings.cwd();
  }

  get stdin(): Input {
    return this.#surroundings.stdin;
  }

  /** Characters in a line; undefined where stdout is no terminal, so that nothing has to be cut. */
  get width(): number | undefined {
    const { stdout } = this.#surroundings;
    // Some terminals do not know their width, and say 0.
    return stdout.isTTY && stdout.columns ? stdout.columns : undefined;
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

  /**
   * Lines of a result that may be long, at the pace of their reader. They hold data, so that they are written as they
   * are: what makes them has to escape what a terminal would act on.
   *
   * @returns How many there were.
   */
  async printLines(lines: AsyncIterable<string>): Promise<number> {
    let chunk = "";
    let printed = 0;
    try {
      for await (const line of lines) {
        chunk += `${line}\n`;
        printed++;
        if (chunk.length < chunkCharacters) continue;
        const full = chunk;
        chunk = "";
        await this.#write(full);
      }
    } finally {
      // Also what came before a failure.
      await this.#write(chunk);
    }
    return printed;
  }

  /** A piece of a result, at the pace of its reader. It holds data: what makes it has to escape that. */
  async printText(text: string): Promise<void> {
    await this.#write(text);
  }

  /** Whether stderr is a terminal, so that a line may replace the one before. */
  get isWatched(): boolean {
    return "isTTY" in this.#surroundings.stderr && this.#surroundings.stderr.isTTY === true;
  }

  /** A line that the next one replaces; for a terminal. */
  sayOver(text: string): void {
    this.#surroundings.stderr.write(`\r${oneLine(text)}\u001b[K`);
  }

  /** Columns that line up: texts to the left, numbers to the right. */
  table(rows: readonly (readonly (string | number)[])[]): void {
    const cells = rows.map((row) => row.map((cell) => (typeof cell === "number" ? cell : oneLine(cell))));
    for (const line of new Columns().lines(cells)) this.print(line);
  }

  async #write(text: string): Promise<void> {
    const { stdout } = this.#surroundings;
    if (!stdout.write(text)) await once(stdout, "drain");
  }
}

function oneLine(text: string): string {
  return escapeUnsafe(hideCredentials(text));
}
