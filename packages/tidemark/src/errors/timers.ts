import { nameErrors, sentence, TidemarkError } from "./tidemark-error.ts";

/**
 * The event of a timer that is due could not be appended. Other timers are not affected.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "TIMER_FAILED")) console.error(error.key, error.attempts, error.parked);
 * ```
 */
export class TimerFailedError extends TidemarkError {
  declare readonly code: "TIMER_FAILED";
  readonly key: string;
  /** The stream that the event is for. */
  readonly streamId: string;
  /** How often it was tried. */
  readonly attempts: number;
  /** Whether it is given up until it is set again. */
  readonly parked: boolean;

  constructor(timer: { readonly key: string; readonly streamId: string; readonly attempts: number; readonly parked: boolean }, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const next = timer.parked
      ? "It is tried no more: mend the cause, then set the timer again under the same key, or cancel it."
      : "It is tried again, ever more slowly.";
    const times = timer.attempts === 1 ? "once" : `${timer.attempts} times`;
    super(
      "TIMER_FAILED",
      `The event of the timer ${JSON.stringify(timer.key)} for the stream ${JSON.stringify(timer.streamId)} could not be appended, tried ${times}: ${sentence(reason)} ${next}`,
      { cause },
    );
    this.key = timer.key;
    this.streamId = timer.streamId;
    this.attempts = timer.attempts;
    this.parked = timer.parked;
  }
}

nameErrors({ TimerFailedError });
