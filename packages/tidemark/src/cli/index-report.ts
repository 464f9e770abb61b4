import type { IndexBlocker, IndexProgress } from "../database/index-build-watch.ts";
import type { Terminal } from "./terminal.ts";

const lineMs = 10_000;

/** How the build of an index goes: on a terminal one line that changes, elsewhere a line now and then. */
export class IndexReport {
  readonly #terminal: Terminal;
  #told = { what: "", at: 0 };
  #shown = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  show({ index, phase, fraction, waitingFor }: IndexProgress): void {
    const at = performance.now();
    const what = `${index} ${phase} ${waitingFor?.pid}`;
    // What it does next, or whom it waits for, is told at once.
    if (what === this.#told.what && !this.#terminal.isWatched && at - this.#told.at < lineMs) return;
    this.#told = { what, at };
    const text = `  ${index}: ${phase}${fraction === undefined ? "" : `, ${Math.floor(fraction * 100)} %`}${waitingFor ? `, for ${blocker(waitingFor)}` : ""}`;
    if (!this.#terminal.isWatched) return this.#terminal.say(text);
    this.#shown = true;
    this.#terminal.sayOver(text);
  }

  /** Takes the line away. */
  end(): void {
    if (this.#shown) this.#terminal.sayOver("");
    this.#shown = false;
  }
}

function blocker({ pid, application, since }: IndexBlocker): string {
  const known = [...(application ? [application] : []), ...(since === undefined ? [] : [`its transaction open since ${since.toISOString()}`])];
  return `process ${pid}${known.length > 0 ? ` (${known.join(", ")})` : ""}`;
}
