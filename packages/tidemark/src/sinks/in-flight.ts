/** What a session has sent, and waits for the broker to acknowledge. */
export class InFlight {
  readonly #drop: (reason: Error) => void;
  readonly #waiting = new WeakMap<AbortSignal, { count: number }>();
  #count = 0;
  #idle: (() => void) | undefined;

  /** @param drop - Ends the session: once nobody waits for a message any more, it cannot be trusted. It acknowledged nothing. */
  constructor(drop: (reason: Error) => void) {
    this.#drop = drop;
  }

  /** Settles as `sent` does, which must settle once the session has ended. */
  async wait<T>(sent: Promise<T>, signal: AbortSignal): Promise<T> {
    const waiting = this.#waitingFor(signal);
    waiting.count++;
    this.#count++;
    try {
      return await sent;
    } finally {
      waiting.count--;
      if (--this.#count === 0) this.#idle?.();
    }
  }

  /** Resolves once nothing is waited for. */
  async idle(): Promise<void> {
    if (this.#count === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  /** One listener for all messages of a signal: each with its own would cost more than the rest. */
  #waitingFor(signal: AbortSignal): { count: number } {
    const known = this.#waiting.get(signal);
    if (known) return known;
    const waiting = { count: 0 };
    this.#waiting.set(signal, waiting);
    const drop = (): void => {
      if (waiting.count > 0) this.#drop(new Error("the message was given up"));
    };
    if (signal.aborted) queueMicrotask(drop);
    else signal.addEventListener("abort", drop, { once: true });
    return waiting;
  }
}
