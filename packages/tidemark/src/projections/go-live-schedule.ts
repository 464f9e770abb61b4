import { type Backoff, backoffMs } from "../async/retry.ts";
import type { HandOver } from "../runtime/follower.ts";

const backoff: Backoff = { firstMs: 100, mostMs: 60_000 };

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
