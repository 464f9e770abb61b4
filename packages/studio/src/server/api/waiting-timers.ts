import type { TimersPage } from "../../wire/reports.ts";
import type { Call } from "./call.ts";
import { errorLine } from "./error-line.ts";
import { limitOf, numberOf } from "./parameters.ts";

/** Events that wait until they are due, without what they say. */
export async function timers({ store, query }: Call): Promise<TimersPage> {
  const due = numberOf(query, "dueBefore", 8_640_000_000_000_000);
  const found = await store.timers.list({ limit: limitOf(query), ...(due !== undefined && { dueBefore: new Date(due) }) });
  return {
    timers: found.map(({ key, streamId, type, dueAt, cron, attempts, parked, error }) => ({
      key,
      streamId,
      type,
      dueAt: dueAt.getTime(),
      cron: cron ?? null,
      attempts,
      parked,
      error: errorLine(error),
    })),
  };
}
