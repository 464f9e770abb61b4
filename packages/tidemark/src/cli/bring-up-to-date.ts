import type { Projection } from "../arguments/projection.ts";
import { isTidemarkError } from "../errors/errors.ts";
import { HandlerFailedError } from "../errors/following.ts";
import type { EventStore } from "../store/event-store.ts";

/** Between two looks at how a projection goes, which may have stopped. */
const lookEveryMs = 1_000;

/**
 * Waits until the inline projections that a store was opened with have everything up to a position.
 *
 * @param onWait - Told of one that takes its time: its name, and the events that are left.
 * @throws {@link HandlerFailedError} — one stopped at an event that it cannot handle, or is paused.
 */
export async function bringUpToDate(
  store: EventStore,
  projections: readonly Projection[],
  position: number,
  signal: AbortSignal,
  onWait: (name: string, left: number) => void,
): Promise<void> {
  for (const { name } of projections) {
    for (let reached = false; !reached;) {
      reached = await within(store, name, position, signal);
      if (!reached) onWait(name, await leftOf(store, name));
    }
  }
}

async function within(store: EventStore, name: string, position: number, signal: AbortSignal): Promise<boolean> {
  try {
    await store.waitFor(name, position, { timeoutMs: lookEveryMs, signal });
    return true;
  } catch (error) {
    if (isTidemarkError(error, "WAIT_TIMEOUT")) return false;
    throw error;
  }
}

async function leftOf(store: EventStore, name: string): Promise<number> {
  const { state, lag, lastError, failingEvent, position } = await store.projections.get(name);
  if (state === "failed" || state === "paused" || state === "inactive") {
    const why = state === "failed" ? (lastError?.message ?? "it failed") : `it is ${state}`;
    const next = `The events are written, and the projection has them up to position ${position}. See tidemark projections show ${name}.`;
    throw new HandlerFailedError({ consumer: name, shard: 0, position: failingEvent?.position ?? position }, why, next, {});
  }
  return lag.events;
}
