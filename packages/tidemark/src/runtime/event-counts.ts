import { type DurationMetrics, Durations } from "../counters/durations.ts";
import { Rate } from "../counters/rate.ts";
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

class Counts {
  handled = 0;
  retried = 0;
  parked = 0;
  /** How many of the handled ones `pace` has. */
  paced = 0;
  readonly pace = new Rate();
  readonly handling = new Durations();
}

/**
 * Counts what one worker does, from its creation on: in memory, so that no statement pays for it. Nothing here asks for the time at each
 * event: of what a handler that does nothing costs, that would be a twentieth.
 */
export class WorkerCounts {
  readonly #counts = new Map<Follower, Counts>();

  add(follower: Follower, what: "handled" | "retried" | "parked", events = 1): void {
    this.#of(follower)[what] += events;
  }

  /** A call of the handler that was awaited is over. @param since - When it began, by performance.now(). */
  called(follower: Follower, since: number): void {
    const now = performance.now();
    this.#of(follower).handling.add(now - since, now);
  }

  /** A checkpoint was moved: what was handled up to now counts for the pace of this moment. */
  moved(follower: Follower): void {
    const counts = this.#of(follower);
    if (counts.handled === counts.paced) return;
    counts.pace.add(counts.handled - counts.paced);
    counts.paced = counts.handled;
  }

  of(follower: Follower): EventCounts {
    const { owner, kind } = follower;
    const { handled, retried, parked } = this.#of(follower);
    return { name: owner, kind: kind.name, handled, retried, parked };
  }

  paceOf(follower: Follower): { readonly eventsPerSecond: number; readonly handling: DurationMetrics } {
    const { pace, handling } = this.#of(follower);
    return { eventsPerSecond: pace.perSecond, handling: handling.metrics() };
  }

  #of(follower: Follower): Counts {
    const known = this.#counts.get(follower);
    if (known) return known;
    const counts = new Counts();
    this.#counts.set(follower, counts);
    return counts;
  }
}
