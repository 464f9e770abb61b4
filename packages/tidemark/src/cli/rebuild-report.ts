import type { RebuildProgress } from "../projections/rebuild/rebuild-options.ts";
import { count, counted, duration } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

const overMs = 200;
const jsonMs = 1_000;
const lineMs = 10_000;
const cells = 24;

/** How a build goes: on a terminal a bar that fills, with --json a document a second, elsewhere a line now and then. */
export class RebuildReport {
  readonly #terminal: Terminal;
  readonly #json: boolean;
  #told = 0;
  #state: RebuildProgress["state"] | undefined;
  #shown = false;

  constructor(terminal: Terminal, json: boolean) {
    this.#terminal = terminal;
    this.#json = json;
  }

  show(progress: RebuildProgress): void {
    const now = performance.now();
    const every = this.#json ? jsonMs : this.#terminal.isWatched ? overMs : lineMs;
    // What it does next is told at once.
    if (progress.state === this.#state && now - this.#told < every) return;
    this.#told = now;
    this.#state = progress.state;
    if (this.#json) return this.#terminal.printJson({ event: "progress", ...progress, remainingMs: progress.remainingMs ?? null });
    if (!this.#terminal.isWatched) return this.#terminal.say(`  ${textOf(progress)}`);
    this.#shown = true;
    this.#terminal.sayOver(`  ${barOf(progress)} ${textOf(progress)}`);
  }

  /** Takes the bar away. */
  end(): void {
    if (this.#shown) this.#terminal.sayOver("");
    this.#shown = false;
  }
}

function fractionOf({ events, total }: RebuildProgress): number {
  return total === 0 ? 1 : Math.min(1, events / total);
}

function barOf(progress: RebuildProgress): string {
  const full = Math.floor(fractionOf(progress) * cells);
  return `${"█".repeat(full)}${"░".repeat(cells - full)}`;
}

function textOf(progress: RebuildProgress): string {
  const { state, events, perSecond, remainingMs, waitingFor } = progress;
  const rate = `${Math.floor(fractionOf(progress) * 100)} %, ${counted(events, "event")}, ${count(perSecond)} a second`;
  if (state === "checking") return `${rate}: checking`;
  if (waitingFor.length > 0) return `${rate}: waiting for ${waitingFor.join(", ")}`;
  return remainingMs === undefined ? rate : `${rate}, ${duration(remainingMs / 1_000)} left`;
}
