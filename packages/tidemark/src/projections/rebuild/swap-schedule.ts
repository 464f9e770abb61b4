import { type Backoff, backoffMs } from "../../async/retry.ts";

/** While it is built, or somebody reads with an older snapshot. */
const later: Backoff = { firstMs: 50, mostMs: 1_000 };
/** Where others were in its way. On a busy machine that may be so many times in a row, and it is ready all the while. */
const busy: Backoff = { firstMs: 100, mostMs: 5_000 };
/** Where something has to be mended first. */
const failed: Backoff = { firstMs: 100, mostMs: 60_000 };
/** Nobody wants it to serve by itself: it waits for a call. */
const unwantedMs = 5_000;

/** What a look at a version came to that does not serve yet. */
export type SwapLook = "later" | "busy" | "failed" | "unwanted";

/** When a version is looked at again that is to serve by itself. */
export class SwapSchedule {
  #looks = 0;
  /** In a row, of one kind. */
  #failures = 0;
  #last: SwapLook | undefined;

  /** How long to wait after a look. */
  waitMs(look: SwapLook): number {
    this.#looks++;
    this.#failures = look === this.#last ? this.#failures + 1 : 1;
    this.#last = look;
    switch (look) {
      case "later":
        return backoffMs(later, this.#looks);
      case "busy":
        return backoffMs(busy, this.#failures);
      case "failed":
        return backoffMs(failed, this.#failures);
      case "unwanted":
        return unwantedMs;
    }
  }
}
