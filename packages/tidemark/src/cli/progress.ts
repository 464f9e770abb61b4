import type { Terminal } from "./terminal.ts";

const overMs = 200;
const lineMs = 10_000;

/** Progress of long work on stderr: on a terminal one line that changes, elsewhere a line now and then. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #what: string;
  readonly #began = performance.now();
  #told = performance.now();
  #shown = false;

  /** @param what - `"event"` */
  constructor(terminal: Terminal, what: string) {
    this.#terminal = terminal;
    this.#what = what;
  }

  /** @param fraction - From 0 to 1; undefined where the total is unknown. */
  update(done: number, fraction: number | undefined): void {
    const now = performance.now();
    if (now - this.#told < (this.#terminal.isWatched ? overMs : lineMs)) return;
    this.#told = now;
    const text = `  ${this.#describe(done, fraction, now)}`;
    if (!this.#terminal.isWatched) return this.#terminal.say(text);
    this.#shown = true;
    this.#terminal.sayOver(text);
  }

  /** Takes the line away. */
  end(): void {
    if (this.#shown) this.#terminal.sayOver("");
    this.#shown = false;
  }

  /** `2.3 s, 40,000 a second` */
  summary(done: number): string {
    const seconds = (performance.now() - this.#began) / 1_000;
    return `${seconds.toFixed(1)} s, ${count(done / Math.max(seconds, 0.001))} a second`;
  }

  #describe(done: number, fraction: number | undefined, now: number): string {
    const seconds = (now - this.#began) / 1_000;
    const rate = `${counted(done, this.#what)}, ${count(done / seconds)} a second`;
    if (fraction === undefined || fraction === 0) return rate;
    return `${Math.floor(fraction * 100)} %, ${rate}, ${duration((seconds * (1 - fraction)) / fraction)} left`;
  }
}

export function count(number: number): string {
  return Math.round(number).toLocaleString("en");
}

/** `1 event`, `2,000 events`; `several` where an s does not do */
export function counted(number: number, what: string, several = `${what}s`): string {
  return `${count(number)} ${number === 1 ? what : several}`;
}

export function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  return whole < 3_600 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
}
