import type { TimersPage } from "../../wire/process-reports.ts";
import type { Call } from "./call.ts";
import { limitOf, numberOf, textOf } from "./parameters.ts";

/** The latest that a `Date` can be. */
const latestDate = 8_640_000_000_000_000;

/** By due time, a page at a time from a timer. */
export async function timers({ store, query, signal }: Call): Promise<TimersPage> {
  const limit = limitOf(query);
  const dueAt = numberOf(query, "afterDue", latestDate);
  const key = textOf(query, "afterKey");
  const dueBefore = numberOf(query, "dueBefore", latestDate);
  const found = await store.timers.list({
    signal,
    limit: limit + 1,
    ...(dueBefore !== undefined && { dueBefore: new Date(dueBefore) }),
    ...(dueAt !== undefined && key !== undefined && { after: { dueAt: new Date(dueAt), key } }),
  });
  const page = found.slice(0, limit).map((timer) => ({
    key: timer.key,
    dueAt: timer.dueAt.getTime(),
    streamId: timer.streamId,
    type: timer.type,
    cron: timer.cron ?? null,
    timeZone: timer.timeZone ?? null,
    attempts: timer.attempts,
    error: timer.error?.message ?? null,
    parked: timer.parked,
  }));
  const last = page.at(-1);
  return { timers: page, next: found.length > limit && last ? { dueAt: last.dueAt, key: last.key } : null };
}
