/**
 * What became of snapshots in this process, since the store was opened; of all its tenants.
 *
 * @example
 * ```ts
 * const { used, missing }: SnapshotStats = store.snapshots.stats();
 * ```
 */
export interface SnapshotStats {
  /** Readings that began with a snapshot. */
  readonly used: number;
  /** Readings that found none. */
  readonly missing: number;
  /** Readings that found one of another state version, and ignored it. */
  readonly outdated: number;
  /** Readings that found one that does not belong to its streams (a restore took events back), and ignored it. */
  readonly mismatched: number;
  /** Written. */
  readonly taken: number;
  /** Not written, since there was one of as many events or more. */
  readonly superseded: number;
  /** Not written, since JSON would change the state. */
  readonly unfit: number;
  /** Could not be read or written, or a function of the decider's threw. No command failed for it. */
  readonly failed: number;
  /** Not written, since 1,000 were waiting, or the store closed before it came to them. */
  readonly dropped: number;
  /** Wait to be written now, or are being written. */
  readonly pending: number;
}

/** What is counted; `pending` is looked up. */
export type SnapshotCounts = { -readonly [Count in Exclude<keyof SnapshotStats, "pending">]: number };

export function emptyCounts(): SnapshotCounts {
  return { used: 0, missing: 0, outdated: 0, mismatched: 0, taken: 0, superseded: 0, unfit: 0, failed: 0, dropped: 0 };
}
