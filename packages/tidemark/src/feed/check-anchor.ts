import { HistoryForkedError } from "../errors/following.ts";
import type { Anchor } from "./follow.ts";
import type { Log } from "./log-pages.ts";

/** A reader that goes on although its last event is gone would skip what stands there instead. */
export async function checkAnchor(log: Log, reader: string, { position, id }: Anchor, signal: AbortSignal): Promise<void> {
  if (id === null) return;
  const found = await log.find(position, signal);
  if (found.id === id) return;
  // A standby that has not replayed it yet.
  if (found.inRecovery && found.lastPosition < position) return;
  throw new HistoryForkedError({ reader, position, eventId: id, found: found.id, lastPosition: found.lastPosition });
}
