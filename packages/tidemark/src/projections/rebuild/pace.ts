import { pause } from "../../async/pause.ts";

/** Holds a reader back to so many events a second, counted from its beginning. */
export class Pace {
  readonly #perSecond: number;
  readonly #began = performance.now();
  #events = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Waits until so many more events are due. Rejects with the signal's reason. */
  async keep(events: number, signal: AbortSignal): Promise<void> {
    this.#events += events;
    const aheadMs = (this.#events / this.#perSecond) * 1_000 - (performance.now() - this.#began);
    if (aheadMs > 0) await pause(aheadMs, signal);
  }
}
