import { HistoryForkedError } from "../errors-following.ts";
import { checkFilter } from "../read/filter.ts";
import type { Bell } from "./bell.ts";
import { catchUp } from "./catch-up.ts";
import type { Anchor, FollowedBatch, FollowOptions } from "./follow.ts";
import type { LogPages, Wanted } from "./log-pages.ts";
import type { MarkReader } from "./mark.ts";
import type { Outage } from "./outage.ts";

/** What all followers of a store share. */
export interface Shared {
  readonly log: LogPages;
  readonly marks: MarkReader;
  readonly bell: Bell;
  readonly outage: Outage;
}

/** Follows the log from an anchor: catches up, then stays live. Outages of the database are waited for. */
export async function* followLog(shared: Shared, options: FollowOptions): AsyncGenerator<FollowedBatch, void, undefined> {
  const { log, marks, bell, outage } = shared;
  const { reader, tenant, filter, shard, until = Number.MAX_SAFE_INTEGER, batchSize, signal } = options;
  const wanted: Wanted = { tenant, filter: filter === undefined ? undefined : checkFilter(filter, "options.filter"), shard };
  let anchor = options.after;
  let history = -1;
  let live = false;
  for (;;) {
    try {
      const mark = await marks.read(signal);
      if (mark.history !== history) {
        await checkAnchor(log, reader, anchor, signal);
        history = mark.history;
      }
      outage.over();
      for await (const batch of catchUp({ log, marks, wanted, from: anchor, mark, until, batchSize, signal })) {
        anchor = batch.anchor;
        live = batch.caughtUp;
        yield batch;
      }
      if (mark.position >= until) return;
      if (!live && anchor.position >= mark.position) {
        live = true;
        yield { events: [], anchor, mark: mark.position, caughtUp: true };
      }
    } catch (error) {
      await outage.after(error, signal);
      continue;
    }
    await bell.wait(50, signal);
    signal.throwIfAborted();
  }
}

/** A reader that goes on although its last event is gone would skip what stands there instead. */
async function checkAnchor(log: LogPages, reader: string, { position, id }: Anchor, signal: AbortSignal): Promise<void> {
  if (id === null) return;
  const found = await log.find(position, signal);
  if (found.id === id) return;
  if (found.inRecovery && found.lastPosition < position) return;
  throw new HistoryForkedError({ reader, position, eventId: id, found: found.id, lastPosition: found.lastPosition });
}
