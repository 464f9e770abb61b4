import { setImmediate as turn } from "node:timers/promises";
import { pause } from "../../async/pause.ts";
import { type BackgroundPace, sliceMs } from "../../feed/background-pace.ts";
import type { Headway } from "../../feed/headway.ts";

/** How fast a build may go: out of the way of appends, or so many events a second, counted from its beginning. */
export class Pace {
  readonly #background: BackgroundPace;
  readonly #perSecond: number | undefined;
  readonly #signal: AbortSignal;
  readonly #headway: Headway | undefined;
  readonly #began = performance.now();
  #since = performance.now();
  #events = 0;

  /** @param headway - Of a reader that has to reach the end of the log. */
  constructor(background: BackgroundPace, perSecond: number | undefined, signal: AbortSignal, headway?: Headway) {
    this.#headway = headway;
    this.#background = background;
    this.#perSecond = perSecond;
    this.#signal = signal;
  }

  /**
   * Work on a page begins. Rests at once if reading it took long enough, also where it gave nothing: without that, a build that reads much and
   * folds little takes several times its share.
   *
   * @param tookMs - What the server and the driver worked for it.
   */
  async begin(tookMs: number): Promise<void> {
    this.#since = performance.now() - tookMs;
    if (this.due) await this.rest();
  }

  /** Whether it has worked for long enough to rest. */
  get due(): boolean {
    return performance.now() - this.#since >= sliceMs;
  }

  /** Ends a slice of work, and begins the next one. */
  async rest(): Promise<void> {
    await (this.#perSecond === undefined ? this.#background.rest(this.#since, this.#signal, this.#headway) : turn());
    this.#since = performance.now();
  }

  /** Waits until so many more events were due, or until the signal aborts. */
  async keep(events: number): Promise<void> {
    if (this.#perSecond === undefined) return;
    this.#events += events;
    const aheadMs = (this.#events / this.#perSecond) * 1_000 - (performance.now() - this.#began);
    if (aheadMs > 0) await pause(aheadMs, this.#signal).catch(() => {});
  }
}
