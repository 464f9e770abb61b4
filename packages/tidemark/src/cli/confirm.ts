import { nameErrors, TidemarkError } from "../errors/tidemark-error.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { linesOf } from "./json-text.ts";
import type { Terminal } from "./terminal.ts";

/** The answer at the terminal was not yes. Nothing was changed. */
export class DeclinedError extends TidemarkError {
  declare readonly code: "DECLINED";

  constructor() {
    super("DECLINED", "Nothing was changed.");
  }
}

nameErrors({ DeclinedError });

/**
 * Asks at the terminal before something is lost. Without a terminal `--yes` has to say it: a script that was not
 * written for it must not lose anything.
 *
 * @param what - What would be done: a sentence or several.
 */
export async function confirm(terminal: Terminal, what: string, yes: boolean | undefined): Promise<void> {
  if (yes) return;
  if (!terminal.stdin.isTTY) throw new InvalidArgumentError("--yes", `is missing, and there is no terminal to ask. ${what} Pass --yes if you want that.`);
  terminal.say(`${what} Type yes to continue:`);
  for await (const line of linesOf(terminal.stdin)) {
    if (line.trim().toLowerCase() === "yes") return;
    break;
  }
  throw new DeclinedError();
}
