/** What a heartbeat learned of one follower. */
export interface FollowerView {
  readonly name: string;
  readonly paused: boolean;
  /** Something was requested: a dead letter waits to be tried again. */
  readonly retryRequested: boolean;
  /** This worker's fair share of the shards. */
  readonly quota: number;
  /** Shards that no worker holds, by their ids. */
  readonly free: readonly number[];
  /** Until the first of the others' leases ends, in milliseconds. */
  readonly nextEndMs: number | null;
}

/** What to do about a follower's shards. */
export interface Allocation {
  readonly take: readonly number[];
  /** How many to give back. */
  readonly surplus: number;
}

/** Takes up to the quota, and gives back what is beyond it, so that a worker that has come finds its share free. */
export function allocate({ quota, free }: FollowerView, held: number): Allocation {
  return { take: free.slice(0, Math.max(0, quota - held)), surplus: Math.max(0, held - quota) };
}

/** Three heartbeats a lease: one may be lost, and the next may be late. */
const heartbeatsPerLease = 3;
const hungryMs = 1_000;
/** A moment after the end, when the database sees it too. */
const afterEndMs = 20;

/**
 * When to send the next heartbeat: three times a lease; sooner while this worker has less than its share, or when another
 * worker's lease ends, which in good health it never does.
 */
export function nextHeartbeatMs(leaseMs: number, views: readonly FollowerView[], held: (consumer: string) => number): number {
  let next = leaseMs / heartbeatsPerLease;
  for (const { name, quota, nextEndMs } of views) {
    if (held(name) < quota) next = Math.min(next, hungryMs, leaseMs / 10);
    if (nextEndMs !== null) next = Math.min(next, nextEndMs + afterEndMs);
  }
  return next;
}
