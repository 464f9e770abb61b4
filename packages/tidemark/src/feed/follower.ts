import type { ValidQueryItem } from "../read/filter.ts";
import { catchUp, HistoryChanged } from "./catch-up.ts";
import { checkAnchor } from "./check-anchor.ts";
import type { FollowedBatch, FollowOptions } from "./follow.ts";
import type { Log, Wanted } from "./log-pages.ts";
import type { Marks } from "./mark.ts";
import { rowFilter } from "./row-filter.ts";
import type { ReadRetry } from "./read-retry.ts";
import type { Tail } from "./tail.ts";

/** What all followers of a store share. */
export interface Shared {
  readonly log: Log;
  readonly marks: Marks;
  readonly tail: Tail;
  readonly readRetry: Pick<ReadRetry, "wait" | "succeeded">;
}

/** `FollowOptions`, checked. */
export interface Following extends Omit<FollowOptions, "filter"> {
  readonly filter: readonly ValidQueryItem[] | undefined;
  /** Called before it waits for what is not there yet; perhaps several times. */
  readonly onLive?: () => void;
}

/** Follows the log from an anchor: catches up alone, then with all others in the tail. While the database cannot be reached, it tries again. */
export async function* followLog({ log, marks, tail, readRetry }: Shared, options: Following): AsyncGenerator<FollowedBatch, void, undefined> {
  const { reader, tenant, filter, shard, until = Number.POSITIVE_INFINITY, batchSize, signal } = options;
  const wanted: Wanted = { tenant, filter, shard };
  const matches = rowFilter(wanted);
  let anchor = options.after;
  let history = -1;
  let caughtUp = false;
  for (;;) {
    let mark;
    try {
      mark = await marks.read(signal);
      if (mark.history !== history) await checkAnchor(log, reader, anchor, signal);
      ({ history } = mark);
      for await (const batch of catchUp({ log, marks, wanted, from: anchor, mark, until, batchSize, signal })) {
        ({ anchor, caughtUp } = batch);
        yield batch;
      }
      readRetry.succeeded();
    } catch (error) {
      if (!(error instanceof HistoryChanged)) await readRetry.wait(error, signal);
      continue;
    }
    if (Math.max(mark.position, anchor.position) >= until) return;

    options.onLive?.();
    const member = tail.join({ matches, after: anchor, until, batchSize }, mark);
    if (!member) continue;
    try {
      if (!caughtUp) yield { events: [], anchor, mark: mark.position, caughtUp: true };
      for (let batch = await member.next(signal); batch; batch = await member.next(signal)) {
        ({ anchor, caughtUp } = batch);
        yield batch;
        if (anchor.position >= until) return;
      }
    } finally {
      tail.part(member);
    }
  }
}
