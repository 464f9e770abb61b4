import { nameErrors, TidemarkError, sentence } from "../errors/tidemark-error.ts";

/** A line that an import could not take, and why. */
export interface BadLine {
  /** Counted from 1, as editors do; of a CSV record, where it begins. */
  readonly line: number;
  readonly reason: string;
  /** The line as it was, where it could be read. */
  readonly text: string;
  /** Nothing behind it can be read: the import ends here with an error, also where bad lines are skipped. */
  readonly ends?: true;
}

/** An import was to stop at the first bad line, and did, or could read no further. Lines before it are written, none after it. */
export class BadLineError extends TidemarkError {
  declare readonly code: "BAD_LINE";
  readonly line: number;

  constructor({ line, reason, ends }: BadLine, told: string) {
    const next = ends
      ? "Nothing behind it was read. Correct the file and run the same command again."
      : "Correct the line and run the same command again, or continue with --on-bad-line skip or --bad-lines <file>.";
    super("BAD_LINE", `Line ${line}: ${sentence(reason)} ${told} ${next}`);
    this.line = line;
  }
}

/** Positions could not be kept: the store holds something else than the beginning of this import. */
export class PositionsTakenError extends TidemarkError {
  declare readonly code: "POSITIONS_TAKEN";

  constructor(told: string, origin: { readonly cause?: unknown } = {}) {
    super(
      "POSITIONS_TAKEN",
      `--keep-positions needs a store that holds nothing but the beginning of this import, and that nobody else writes to. ${told} Import into an empty schema, or without --keep-positions.`,
      origin,
    );
  }
}

/** Ctrl-C. What was written stays; the same command goes on from there. */
export class InterruptedError extends TidemarkError {
  declare readonly code: "INTERRUPTED";

  constructor(message: string) {
    super("INTERRUPTED", message);
  }
}

/** A file could not be written. */
export class FileError extends TidemarkError {
  declare readonly code: "FILE";

  constructor(path: string, cause: unknown) {
    super("FILE", `${JSON.stringify(path)} could not be written: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

nameErrors({ FileError, BadLineError, PositionsTakenError, InterruptedError });
