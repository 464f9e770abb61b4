import type { ShardStatus } from "./shard-status.ts";
import { Signal, type WaitLimits } from "../async/signal.ts";

/** An event loop that is never left serves no timers, and so no heartbeat. */
const longestTurnMs = 25;

/** Lets the loop of a shard go on, or holds it back: while the shard is paused, or while its lease may have ended. Ends it for good once the shard is lost. */
export class ShardGate {
  readonly #status: ShardStatus;
  readonly #heartbeatSoon: () => void;
  readonly #changed = new Signal();
  readonly #ending = new AbortController();
  #paused = false;
  #validUntil: number;
  #turnBegan = performance.now();

  /** @param validUntil - Where the lease ends, by this process's clock. */
  constructor(validUntil: number, status: ShardStatus, heartbeatSoon: () => void) {
    this.#validUntil = validUntil;
    this.#status = status;
    this.#heartbeatSoon = heartbeatSoon;
  }

  /** Aborted when the loop must end. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  get ending(): boolean {
    return this.#ending.signal.aborted;
  }

  end(reason: Error): void {
    this.#ending.abort(reason);
    this.#changed.raise();
  }

  /** The lease goes on. */
  renewed(validUntil: number): void {
    this.#validUntil = validUntil;
    this.#changed.raise();
  }

  get paused(): boolean {
    return this.#paused;
  }

  setPaused(paused: boolean): void {
    this.#paused = paused;
    this.#changed.raise();
  }

  /** Wakes everything that waits here, to look again. */
  wakeUp(): void {
    this.#changed.raise();
  }

  /** Resolves at the next change, or when `other` settles, or after `ms`, whichever comes first. */
  async wait(limits?: Omit<WaitLimits, "abort">): Promise<void> {
    await this.#changed.wait(limits);
  }

  /** Whether `mayGoOn` would say true at once. */
  get free(): boolean {
    const now = performance.now();
    return !this.#paused && !this.ending && now < this.#validUntil && now - this.#turnBegan <= longestTurnMs;
  }

  /** Waits while the shard is paused or its lease unsure. False: it must end. Called where nothing is half done. */
  async mayGoOn(beforeWaiting: () => Promise<void> | void = () => {}): Promise<boolean> {
    if (this.free) return true;
    const now = performance.now();
    if (now - this.#turnBegan > longestTurnMs) {
      await new Promise((resolve) => setImmediate(resolve));
      this.#turnBegan = performance.now();
    }
    if (this.#paused || now >= this.#validUntil) {
      await beforeWaiting();
      await this.waitUntilAllowed();
    }
    return !this.ending;
  }

  /** Waits out a pause, and until the lease is renewed. */
  async waitUntilAllowed(): Promise<void> {
    const before = this.#status.state;
    while (!this.ending && (this.#paused || performance.now() >= this.#validUntil)) {
      if (this.#paused) this.#status.enter("paused");
      else this.#heartbeatSoon();
      await this.#changed.wait();
    }
    if (this.#status.state === "paused") this.#status.enter(before);
  }

  /** False: it must end. */
  async sleep(ms: number): Promise<boolean> {
    const until = performance.now() + ms;
    for (let rest = ms; rest > 0 && !this.ending; rest = until - performance.now()) await this.#changed.wait({ ms: rest });
    return await this.mayGoOn();
  }
}
