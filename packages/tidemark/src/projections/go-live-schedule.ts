import { type Backoff, backoffMs } from "../async/retry.ts";
import type { HandOver } from "../runtime/follower.ts";

/** A try holds appends up for 100 ms at most. On a busy machine many fail in a row, and nothing has to be mended before the next. */
const backoff: Backoff = { firstMs: 100, mostMs: 5_000 };

/** When an inline projection is tried to go live: once its follower has caught up, and ever more rarely where that failed. */
export class GoLiveSchedule implements HandOver {
  readonly #attempt: () => Promise<boolean>;
  #nextAt = 0;
  #failures = 0;

  constructor(attempt: () => Promise<boolean>) {
    this.#attempt = attempt;
  }

  get dueInMs(): number {
    return Math.max(0, this.#nextAt - performance.now());
  }

  async attempt(): Promise<boolean> {
    const live = await this.#attempt();
    this.#failures = live ? 0 : this.#failures + 1;
    this.#nextAt = performance.now() + backoffMs(backoff, this.#failures + 1);
    return live;
  }
}
