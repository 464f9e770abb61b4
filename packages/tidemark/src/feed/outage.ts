import { isTidemarkError } from "../errors.ts";
import type { Logger } from "../logger.ts";
import { pause } from "./pause.ts";

const firstMs = 100;
const mostMs = 5_000;

/** What a follower does while the database cannot be reached: it tries again, ever more slowly, and says so once. */
export class Outage {
  readonly #logger: Logger;
  #failures = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Waits before the next try. Throws what trying again cannot mend. */
  async after(error: unknown, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!isTidemarkError(error) || !error.retryable) throw error;
    if (this.#failures === 0) this.#logger.warn(`tidemark: followers of the log cannot read and go on trying: ${error.message}`);
    const longest = Math.min(mostMs, firstMs * 2 ** this.#failures);
    this.#failures++;
    await pause(longest * (0.5 + Math.random() / 2), signal);
  }

  over(): void {
    if (this.#failures > 0) this.#logger.info("tidemark: followers of the log can read again.");
    this.#failures = 0;
  }
}
