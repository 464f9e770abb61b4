import { isTidemarkError } from "../errors/errors.ts";
import type { Logger } from "../model/logger.ts";
import { pause } from "../async/pause.ts";
import { type Backoff, backoffMs } from "../async/retry.ts";

const backoff: Backoff = { firstMs: 100, mostMs: 5_000 };

/** What a follower does while the database cannot be reached: it tries again, ever more slowly, and says so once. */
export class ReadRetry {
  readonly #logger: Logger;
  #failures = 0;
  #saidAt = Number.NEGATIVE_INFINITY;
  #said = false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Waits before the next try. Throws what trying again cannot mend. */
  async wait(error: unknown, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!isTidemarkError(error) || !error.retryable) throw error;
    if (!this.#said && performance.now() - this.#saidAt > 1_000) {
      this.#logger.warn(`tidemark: followers of the log cannot read, and keep trying: ${error.message}`);
      this.#said = true;
      this.#saidAt = performance.now();
    }
    await pause(backoffMs(backoff, ++this.#failures), signal);
  }

  succeeded(): void {
    if (this.#said) this.#logger.info("tidemark: followers of the log can read again.");
    this.#said = false;
    this.#failures = 0;
  }
}
