import type { Logger } from "../model/logger.ts";
import { errorDetails } from "./error-details.ts";

const everyMs = 60_000;

interface Removal {
  /** What is removed, in a warning: "the inbox could not forget old messages". */
  readonly failed: string;
  readonly batchSize: number;
  /** Removes at most `batchSize` rows, in a statement of its own, and says how many. */
  readonly remove: () => Promise<number>;
  readonly logger: Logger;
}

/** Removes old rows beside other work: at most once a minute, in batches until none is left. */
export class BatchedRemoval {
  readonly #removal: Removal;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(removal: Removal) {
    this.#removal = removal;
  }

  /** Something was added: so much more than is removed would fill the table. */
  added(): void {
    if (this.#stopped || this.#running || performance.now() - this.#lookedAt < everyMs) return;
    this.#lookedAt = performance.now();
    this.#running = this.#run().finally(() => (this.#running = undefined));
  }

  /** Resolves when it removes nothing more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  /** Never rejects: what is not removed now is removed a minute later. */
  async #run(): Promise<void> {
    const { failed, batchSize, remove, logger } = this.#removal;
    try {
      while (!this.#stopped && (await remove()) === batchSize);
    } catch (error) {
      logger.warn(`tidemark: ${failed}, and tries again in a minute: ${errorDetails(error).message}`);
    }
  }
}
