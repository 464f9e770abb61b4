import type { Follower } from "./follower.ts";

/**
 * What became of the events of one consumer or projection, in one worker.
 *
 * @example
 * ```ts
 * export function handledBy(worker: Worker): number {
 *   return worker.counts().reduce((sum, { handled }: EventCounts) => sum + handled, 0);
 * }
 * ```
 */
export interface EventCounts {
  readonly name: string;
  readonly kind: string;
  /** Events whose handler succeeded. One whose transaction was refused afterwards, and which is handled again, counts again. */
  readonly handled: number;
  /** Tries that failed and are followed by another. */
  readonly retried: number;
  /** Events that were given up, and those that were parked behind one of their stream. */
  readonly parked: number;
}

/** Counts what one worker does, from its creation on: in memory, so that no statement pays for it. */
export class WorkerCounts {
  readonly #counts = new Map<Follower, { handled: number; retried: number; parked: number }>();

  add(follower: Follower, what: "handled" | "retried" | "parked", events = 1): void {
    const counts = this.#counts.get(follower) ?? { handled: 0, retried: 0, parked: 0 };
    counts[what] += events;
    this.#counts.set(follower, counts);
  }

  of(follower: Follower): EventCounts {
    const { owner, kind } = follower;
    return { name: owner, kind: kind.name, ...(this.#counts.get(follower) ?? { handled: 0, retried: 0, parked: 0 }) };
  }
}
