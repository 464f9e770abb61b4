import type { RetryOptions } from "tidemark";
import type { Version } from "@tidemark/servers";

/** How long a broker is away, and what is appended meanwhile. */
export interface OutagePlan {
  readonly version: Version;
  /** 0: as long as the appends take. */
  readonly minutes: number;
  /** Of the events' data, appended evenly over the outage. */
  readonly mebibytes: number;
  /** By so many times what its memory may grow by, the relay's backlog has to grow. */
  readonly times: number;
  /** Of the relay. @defaultValue that of relays */
  readonly retry?: RetryOptions;
}

/** What the heap of the relay's process may be larger by in the last quarter of the outage than in the first. One batch of the relay is twice that. */
export const allowanceMebibytes = 2;

/** So many minutes, and a backlog that grows by a hundred times the allowance between the middles of the two quarters. */
export function longOutage(version: Version, minutes: number): OutagePlan {
  return { version, minutes, mebibytes: 320, times: 100 };
}

/** For every change: no longer than the appends take. */
export function shortOutage(version: Version): OutagePlan {
  return { version, minutes: 0, mebibytes: 12, times: 4, retry: { minDelayMs: 20, maxDelayMs: 200 } };
}
