import type { Anchor, FollowedEvent } from "../feed/follow.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { HandlerTransaction } from "./handler-transaction.ts";

/** Longer than this no transaction collects events: what it locked, and the mark it holds back where it appended, go free. */
const longestMs = 100;
/** Without a transaction the checkpoint is written after each batch, and in a slow one so often. */
const checkpointEveryMs = 1_000;

/** Makes an operation of a commit. */
export type TraceCommit = (position: number, work: () => Promise<void>) => Promise<void>;

/** How far a shard's events are handled, and when that is committed. */
export class ShardCommits {
  readonly #transaction: HandlerTransaction;
  readonly #checkpoint: Checkpoint;
  readonly #onMove: () => void;
  readonly #trace: TraceCommit;
  /** The last event that was handled, whose checkpoint may not be written yet. */
  #handled: Anchor;
  #writtenAt = performance.now();

  /** @param onMove - Called when the checkpoint may have moved. */
  constructor(transaction: HandlerTransaction, checkpoint: Checkpoint, onMove: () => void, trace: TraceCommit) {
    this.#trace = trace;
    this.#transaction = transaction;
    this.#checkpoint = checkpoint;
    this.#onMove = onMove;
    this.#handled = checkpoint.written;
  }

  /** What was handled and not committed has to be handled again. */
  begin(): void {
    this.#handled = this.#checkpoint.written;
  }

  handled({ event: { position, id } }: FollowedEvent): void {
    this.#handled = { position, id };
  }

  /** The transaction has been open for long enough, or the checkpoint was not written for long enough. */
  get overdue(): boolean {
    const { openMs } = this.#transaction;
    return openMs === undefined ? performance.now() - this.#writtenAt > checkpointEveryMs : openMs > longestMs;
  }

  async commit(to: Anchor = this.#handled): Promise<void> {
    await this.#commit(to, () => this.#transaction.commit(to));
    this.moved();
  }

  /** Commits what earlier events wrote while a handler works on something else. */
  readonly commitBehind = async (unless: () => boolean): Promise<void> => {
    const to = this.#handled;
    await this.#commit(to, () => this.#transaction.commit(to, unless));
    this.moved();
  };

  #commit(to: Anchor, work: () => Promise<void>): Promise<void> {
    const isNothing = to.position === this.#checkpoint.written.position && this.#transaction.openMs === undefined;
    return isNothing ? work() : this.#trace(to.position, work);
  }

  /** The checkpoint was moved. */
  moved(): void {
    if (this.#checkpoint.written.position > this.#handled.position) this.#handled = this.#checkpoint.written;
    this.#writtenAt = performance.now();
    this.#onMove();
  }
}
