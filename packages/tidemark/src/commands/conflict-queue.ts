import { Semaphore } from "../async/semaphore.ts";
import type { EventReaderWriter } from "../transaction/event-reader-writer.ts";

/** How long one holds up the others at most. Then the next goes on beside it: its decision may itself wait for another command on the stream. */
const patienceMs = 1_000;

interface ConflictQueue {
  readonly semaphore: Semaphore;
  /** What those in it decide on. */
  readonly subjects: Set<string>;
  users: number;
}

/** Those of one store. */
class ConflictQueues {
  readonly #byStream = new Map<string, ConflictQueue>();
  /** The stream that commands on a subject lost on, while there is a queue for it. */
  readonly #streams = new Map<string, string>();

  /** Where who decides on this would lose to those who wait there. */
  streamOf(subject: string): string | undefined {
    return this.#streams.get(subject);
  }

  async enter(streamId: string, subject: string | undefined, signal: AbortSignal | undefined): Promise<() => void> {
    const queue = this.#byStream.get(streamId) ?? { semaphore: new Semaphore(1), subjects: new Set(), users: 0 };
    this.#byStream.set(streamId, queue);
    if (subject !== undefined) {
      this.#streams.set(subject, streamId);
      queue.subjects.add(subject);
    }
    queue.users++;
    const letNext = await queue.semaphore.acquire({ signal }).catch(() => () => {});
    const patience = setTimeout(letNext, patienceMs).unref();
    return () => {
      clearTimeout(patience);
      letNext();
      if (--queue.users > 0) return;
      this.#byStream.delete(streamId);
      for (const each of queue.subjects) if (this.#streams.get(each) === streamId) this.#streams.delete(each);
    };
  }
}

const queuesOfStores = new WeakMap<EventReaderWriter, ConflictQueues>();

export interface ConflictQueueEntry {
  /** What the command decides on: a stream, or a query. Undefined where it is known only by reading. */
  readonly subject: string | undefined;
  /** Where its last attempt lost. */
  readonly lostOn: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Commands of one store that lost on the same stream go on one after another: all at once, all but one would lose again. While
 * they do, those that begin on the same subject join them; a command that comes alone does not wait. Returns what has to be called when
 * the attempt is over. Only a gain: correctness is the expected version's business, or the condition's.
 */
export async function enterConflictQueue(store: EventReaderWriter, { subject, lostOn, signal }: ConflictQueueEntry): Promise<() => void> {
  const ofStore = queuesOfStores.get(store) ?? new ConflictQueues();
  queuesOfStores.set(store, ofStore);
  const streamId = lostOn ?? (subject === undefined ? undefined : ofStore.streamOf(subject));
  return streamId === undefined ? () => {} : await ofStore.enter(streamId, subject, signal);
}
