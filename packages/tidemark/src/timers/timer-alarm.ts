import type { Signal } from "../async/signal.ts";

/** Between two looks for timers that are due: what a lost notification costs at most, and a transaction that the store does not see commit. */
export const lookEveryMs = 1_000;
/** A timer that is due later than this is found in time without being told of. */
const soonMs = lookEveryMs + 500;

/** Who wakes those that fire timers, here and in other processes. */
export interface TimerSignals {
  readonly timersSet: Signal;
  notifyTimers(): void;
}

/** Wakes whoever fires timers where one was set that is due before the next look. */
export class TimerAlarm {
  readonly #signals: TimerSignals;

  constructor(signals: TimerSignals) {
    this.#signals = signals;
  }

  /** A timer was set and committed, which is due in so many milliseconds. */
  set(inMs: number): void {
    if (inMs < soonMs) this.#signals.notifyTimers();
  }

  /** Timers may have been set, in a transaction that the store does not see: looks here. */
  look(): void {
    this.#signals.timersSet.raise();
  }

  /** Waits until it is time to look. */
  async wait(ms: number, abort: AbortSignal): Promise<void> {
    await this.#signals.timersSet.wait({ ms: Math.min(ms, lookEveryMs), abort });
  }
}
