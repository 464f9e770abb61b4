import type { Anchor } from "../feed/follow.ts";
import type { Checkpoint } from "./checkpoint.ts";

/** Who may move a shard's checkpoint: its own work, or the writer that notes passed filtered-out events. One at a time. */
export class CheckpointTurns {
  readonly #checkpoint: Checkpoint;
  readonly #idled: () => void;
  #working = false;
  #flushing: Promise<void> | undefined;

  /** @param idled - Called when the shard's own work is over and the checkpoint can be written further, past filtered-out events. */
  constructor(checkpoint: Checkpoint, idled: () => void) {
    this.#checkpoint = checkpoint;
    this.#idled = idled;
  }

  /** The shard's own work. Where it throws, its turn goes on until `release`: a commit of it may still be under way. */
  async work<T>(work: () => Promise<T>): Promise<T> {
    this.#working = true;
    await this.#flushing;
    const result = await work();
    this.#working = false;
    // It was not written meanwhile.
    if (this.#checkpoint.idle) this.#idled();
    return result;
  }

  release(): void {
    this.#working = false;
  }

  /** Has the checkpoint written past filtered-out events, unless the shard's work has its turn. Waits for what is being written. */
  async flush(write: (to: Anchor) => Promise<void>): Promise<void> {
    // What is being written may be an older place than the shard has passed by now: that one alone would leave who waits waiting.
    await this.#flushing;
    const to = this.#checkpoint.idle;
    if (to && !this.#working) {
      this.#flushing ??= write(to).finally(() => {
        this.#flushing = undefined;
      });
    }
    await this.#flushing;
  }
}
