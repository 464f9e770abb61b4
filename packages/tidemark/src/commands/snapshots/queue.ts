import { AsyncLocalStorage } from "node:async_hooks";
import type { LifecyclePart } from "../../async/lifecycle.ts";
import type { SnapshotCounts } from "./stats.ts";

/** More than these are a burst that the next commands on the same streams make up for. */
const mostWaiting = 1_000;
/** How long a closing store waits for snapshots under way: nothing is lost without them. */
const mostDrainMs = 5_000;

/** A snapshot to take. It takes the newest state that there is when it runs, so that one run serves all who asked. */
export interface SnapshotJob {
  /** The same for the same snapshot. */
  readonly key: string;
  /** Must not reject. */
  run(signal: AbortSignal): Promise<void>;
}

/** Takes snapshots one after another, after the commands that led to them have answered: never in the way of one. */
export class SnapshotQueue implements LifecyclePart {
  readonly #counts: SnapshotCounts;
  /** By key, in the order of their arrival. */
  readonly #waiting = new Map<string, SnapshotJob>();
  /** What a command started must not run inside that command's transaction, nor under its metadata. */
  readonly #outside = AsyncLocalStorage.snapshot();
  readonly #stop = new AbortController();
  #running: SnapshotJob | undefined;
  #scheduled = false;
  #closed = false;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(counts: SnapshotCounts) {
    this.#counts = counts;
  }

  get pending(): number {
    return this.#waiting.size + (this.#running ? 1 : 0);
  }

  add(job: SnapshotJob): void {
    if (this.#waiting.has(job.key)) return;
    if (this.#closed || this.#waiting.size >= mostWaiting) {
      this.#counts.dropped++;
      return;
    }
    this.#waiting.set(job.key, job);
    this.#schedule();
  }

  /** Resolves when none is pending. */
  async settled(): Promise<void> {
    if (this.pending === 0) return;
    this.#idle ??= Promise.withResolvers<void>();
    await this.#idle.promise;
  }

  /** Takes no more, and resolves when none is pending; after `timeoutMs`, or 5 s, those that are left are given up. */
  async drain(timeoutMs: number = mostDrainMs): Promise<void> {
    this.#closed = true;
    const timer = setTimeout(
      () => {
        this.#counts.dropped += this.#waiting.size;
        this.#waiting.clear();
        this.#stop.abort(new Error("the store closes"));
      },
      Math.min(timeoutMs, mostDrainMs),
    );
    await this.settled();
    clearTimeout(timer);
  }

  /** By setImmediate: the caller of the command goes on first. */
  #schedule(): void {
    if (this.#scheduled || this.#running) return;
    this.#scheduled = true;
    this.#outside(() =>
      setImmediate(() => {
        this.#scheduled = false;
        void this.#runNext();
      }),
    );
  }

  async #runNext(): Promise<void> {
    const [next] = this.#waiting.values();
    if (next) {
      this.#waiting.delete(next.key);
      this.#running = next;
      await next.run(this.#stop.signal);
      this.#running = undefined;
    }
    if (this.#waiting.size > 0) return this.#schedule();
    this.#idle?.resolve();
    this.#idle = undefined;
  }
}
