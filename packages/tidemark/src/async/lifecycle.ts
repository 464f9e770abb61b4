/**
 * A part of the store that works by itself. What opens a store starts its parts, and what closes it drains and stops them: each step is
 * called once, in this order, and a part has only the steps that it needs.
 */
export interface LifecyclePart {
  /** Begins what runs in the background. */
  start?(): Promise<void>;
  /** Refuses what is new from now on, and resolves when what there is has been done; what is left after `timeoutMs` is given up. */
  drain?(timeoutMs?: number): Promise<void>;
  /** Ends what others needed while they drained. */
  stop?(timeoutMs?: number): Promise<void>;
  /** Ends at once what it still waits for: the time was up `cutOffMs` ago. Called once, while a step of this part or of another one runs. */
  cutOff?(): void;
}

/** What was under way when the time was up has so long for its end: most answers are on their way then, and leases are given back. */
const cutOffMs = 1_000;
/** setTimeout takes no longer. */
const longestTimerMs = 2_147_483_647;

/** Starts, drains and stops the parts of one store. */
export class Lifecycle {
  readonly #layers: readonly (readonly LifecyclePart[])[];
  #closing: Promise<void> | undefined;

  /** @param layers - From the bottom up: a part needs those of lower layers until it has drained. The parts of one layer drain at once. */
  constructor(layers: readonly (readonly LifecyclePart[])[]) {
    this.#layers = layers;
  }

  /** Starts all parts, from the bottom up. Where one fails, closes all of them and rejects with its error. */
  async start(): Promise<void> {
    try {
      for (const part of this.#layers.flat()) await part.start?.();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /**
   * Drains all parts, then stops them, from the top down; all of it within `timeoutMs`, after which parts are cut off. One that fails
   * keeps no other from its end: rejects with the first failure once all have ended. A second call waits for the first.
   */
  close(timeoutMs?: number): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  async #close(timeoutMs: number | undefined): Promise<void> {
    const end = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
    // Whole, since parts check what they are given as they check what a caller passes.
    const leftMs = (): number | undefined => (end === undefined ? undefined : Math.max(0, Math.ceil(end - performance.now())));
    const steps = (["drain", "stop"] as const).flatMap((step) => this.#layers.toReversed().map((parts) => ({ step, parts })));
    const cutOff = (): void => {
      for (const part of this.#layers.flat()) part.cutOff?.();
    };
    const timer = timeoutMs === undefined ? undefined : setTimeout(cutOff, Math.min(timeoutMs + cutOffMs, longestTimerMs));
    let failure: PromiseRejectedResult | undefined;
    for (const { step, parts } of steps) {
      const results = await Promise.allSettled(parts.map(async (part) => await part[step]?.(leftMs())));
      failure ??= results.find((result) => result.status === "rejected");
    }
    clearTimeout(timer);
    if (failure) throw failure.reason;
  }
}
