import { DatabaseError } from "../errors/database.ts";
import { isBlocked, isRepeatedId } from "./failure.ts";
import type { PendingAppend } from "./pending-append.ts";
import type { SettledOutcome } from "./sender.ts";

/** What appends that wait need of those who have the queue and the connections. */
interface BlockedParts {
  /** So many wait at a time, each on a connection of its own. */
  readonly most: number;
  /** How long an append waits for a stream that another transaction holds. 0: for ever. */
  readonly queryTimeoutMs: number;
  /** Sends one that waits for what it needs, for a second at most. */
  readonly send: (pending: PendingAppend, signal: AbortSignal) => Promise<readonly SettledOutcome[]>;
  /** Aborts when its caller gives up, or the store closes without waiting for it. */
  readonly signalOf: (pending: PendingAppend) => AbortSignal;
  /** Frees the streams of an append, and then settles it. */
  readonly finish: (pending: PendingAppend, settle: () => void) => void;
}

/** Appends whose stream another transaction holds. They take turns on connections of their own, so that they hold up no other append. */
export class BlockedAppends {
  readonly #parts: BlockedParts;
  /** Those that no connection waits for yet. */
  #waiting: PendingAppend[] = [];
  #inFlight = 0;

  constructor(parts: BlockedParts) {
    this.#parts = parts;
  }

  /** Those that no connection waits for yet. */
  get length(): number {
    return this.#waiting.length;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** One more, unless its caller has given up. */
  add(pending: PendingAppend): void {
    const { aborted, reason } = this.#parts.signalOf(pending);
    if (aborted) this.#parts.finish(pending, () => pending.fail(reason));
    else this.#waiting.push(pending);
  }

  /** Takes one out. False when it does not wait, or is in flight. */
  remove(pending: PendingAppend): boolean {
    if (!this.#waiting.includes(pending)) return false;
    this.#waiting = this.#waiting.filter((other) => other !== pending);
    return true;
  }

  /** Takes out all that no connection waits for. */
  clear(): readonly PendingAppend[] {
    return this.#waiting.splice(0);
  }

  /** Sends as many as may be in flight. @param onEnded - Called after each. */
  sendNext(onEnded: () => void): void {
    while (this.#inFlight < this.#parts.most) {
      const pending = this.#waiting.shift();
      if (!pending) break;
      this.#inFlight++;
      void this.#wait(pending).finally(() => {
        this.#inFlight--;
        onEnded();
      });
    }
  }

  /** Waits for the stream a second at a time, then lets the next blocked append have the connection. */
  async #wait(pending: PendingAppend): Promise<void> {
    try {
      const [outcome] = await this.#parts.send(pending, this.#parts.signalOf(pending));
      if (outcome && outcome.kind !== "blocked") this.#parts.finish(pending, () => pending.settle(outcome));
    } catch (error) {
      if (isRepeatedId(error)) {
        // The append that holds the id has committed, so the next look-up finds it.
        pending.repeatedId = true;
        this.add(pending);
      } else if (isBlocked(error) && !this.#waitedTooLong(pending)) {
        this.add(pending);
      } else {
        this.#parts.finish(pending, () => pending.fail(isBlocked(error) ? this.#heldTooLong(pending, error) : error));
      }
    }
  }

  #waitedTooLong(pending: PendingAppend): boolean {
    return this.#parts.queryTimeoutMs > 0 && performance.now() - pending.since > this.#parts.queryTimeoutMs;
  }

  #heldTooLong(pending: PendingAppend, cause: DatabaseError): DatabaseError {
    const streams = pending.append.parts.map((part) => JSON.stringify(part.streamId)).join(", ");
    return new DatabaseError(
      `Another transaction held ${streams}${pending.conditional ? ", or what the condition asks for," : ""} for more than ${this.#parts.queryTimeoutMs} ms. Nothing was written: look for a transaction left open (pg_stat_activity; store.blockers() names those that appended), then append again.`,
      { sqlState: cause.sqlState, cause, retryable: true },
    );
  }
}
