import type { ShardStatus } from "./shard-status.ts";
import type { WorkGate } from "./shard-work.ts";
import { Wake } from "../async/wake.ts";

/** An event loop that is never left serves no timers, and so no heartbeat. */
const longestTurnMs = 25;

/** Whether a shard's loop may go on: not while it is paused or its lease is unsure, and not once it must end. */
export class ShardGate implements WorkGate {
  readonly #status: ShardStatus;
  readonly #heartbeatSoon: () => void;
  readonly #wake = new Wake();
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
    this.#wake.ring();
  }

  /** The lease goes on. */
  renewed(validUntil: number): void {
    this.#validUntil = validUntil;
    this.#wake.ring();
  }

  get paused(): boolean {
    return this.#paused;
  }

  set paused(paused: boolean) {
    this.#paused = paused;
    this.#wake.ring();
  }

  /** Has whoever waits here look again. */
  ring(): void {
    this.#wake.ring();
  }

  /** Resolves at the next change, or when `other` settles, or after `ms`, whichever comes first. */
  wait(until?: Parameters<Wake["wait"]>[0]): Promise<void> {
    return this.#wake.wait(until);
  }

  get free(): boolean {
    const now = performance.now();
    return !this.#paused && !this.ending && now < this.#validUntil && now - this.#turnBegan <= longestTurnMs;
  }

  async mayGoOn(beforeWaiting: () => Promise<void>): Promise<boolean> {
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
      if (this.#paused) this.#status.state = "paused";
      else this.#heartbeatSoon();
      await this.#wake.wait();
    }
    if (this.#status.state === "paused") this.#status.state = before;
  }

  async sleep(ms: number): Promise<boolean> {
    const until = performance.now() + ms;
    for (let rest = ms; rest > 0 && !this.ending; rest = until - performance.now()) await this.#wake.wait({ ms: rest });
    return await this.mayGoOn(async () => {});
  }
}
