import { createQueueOfOne, type QueueOfOne } from "../database/queue-of-one.ts";
import type { EventReaderWriter } from "../event-reader-writer.ts";

/** How long one waits at most. Then it goes ahead: a decision may itself wait for another command on the stream. */
const patienceMs = 1_000;

interface Line {
  readonly queue: QueueOfOne;
  users: number;
}

const lines = new WeakMap<EventReaderWriter, Map<string, Line>>();

/**
 * Commands of one store that lost on the same stream go on one after another: all at once, all but one would lose again.
 * Returns what has to be called when the attempt is over. Only a gain: correctness is the expected version's business, or the condition's.
 */
export async function takeTurn(store: EventReaderWriter, streamId: string, signal: AbortSignal | undefined): Promise<() => void> {
  const ofStore = lines.get(store) ?? new Map<string, Line>();
  lines.set(store, ofStore);
  const line = ofStore.get(streamId) ?? { queue: createQueueOfOne(), users: 0 };
  ofStore.set(streamId, line);
  line.users++;
  const leave = await line.queue.enter({ signal, timeoutMs: patienceMs }).catch(() => () => {});
  return () => {
    leave();
    if (--line.users === 0) ofStore.delete(streamId);
  };
}
