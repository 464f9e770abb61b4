import { type Clock, monotonicClock } from "../async/clock.ts";
import type { Feed } from "../feed/feed.ts";
import { LivenessSession, type LivenessStatements } from "./liveness-session.ts";

/** In milliseconds. */
export interface LivenessTimings {
  /** Between two looks whether other processes live. */
  readonly lookMs: number;
  /** How long a lock that was held has to be free. Within it, a process that lost its session, but lives, says so by a heartbeat. */
  readonly graceMs: number;
  /** After a session was lost: how long the next one has to last until it counts. */
  readonly settleMs: number;
}

export const livenessTimings: LivenessTimings = { lookMs: 1_000, graceMs: 2_000, settleMs: 60_000 };

/** What a worker has of it. */
export interface WorkerLiveness {
  /** The lock that this process holds while it lives. Undefined where there is none that can be trusted: the lease alone counts then. */
  readonly lock: number | undefined;
  /** The locks of the workers that share consumers with this one. */
  watch(locks: readonly number[]): void;
  leave(): void;
}

/**
 * Tells processes that died from those that are slow, so that the leases of the dead need not be waited for.
 *
 * A process with workers holds an advisory lock in the session that listens. PostgreSQL drops it when that session ends: at once when
 * the process dies, never while the process is only frozen. The workers' heartbeats name the lock, and others look whether it is free.
 * A free lock alone proves nothing, since sessions also end under processes that live. A process counts as dead where all of these hold:
 *
 *   - the lock was held by a session that hears what it listens to: with a pooler that lends sessions by the transaction, no session hears;
 *   - this process saw the lock held, and later free, in looks of one session of its own. When the server restarts, or fails over, that
 *     session ends too, and what it saw is forgotten;
 *   - the lock stayed free for `graceMs`, and no heartbeat took its name back. Who loses a session sends one at once;
 *   - a process that lost a session before names the next one only after `settleMs`: a bad network cannot have it robbed again and again.
 *
 * Where this is wrong, a shard changes its owner needlessly. Fences see to all else.
 */
export class Liveness {
  readonly #feed: Pick<Feed, "keepListening">;
  readonly #statements: LivenessStatements;
  readonly #timings: LivenessTimings;
  readonly #clock: Clock;
  readonly #workers = new Set<{ readonly changed: () => void; watched: readonly number[] }>();
  #session: LivenessSession | undefined;
  #settledAt = 0;

  constructor(
    feed: Pick<Feed, "keepListening" | "observeSessions">,
    statements: LivenessStatements,
    { timings = livenessTimings, clock = monotonicClock }: { readonly timings?: LivenessTimings; readonly clock?: Clock } = {},
  ) {
    this.#feed = feed;
    this.#statements = statements;
    this.#timings = timings;
    this.#clock = clock;
    feed.observeSessions((queryable) => {
      const session = new LivenessSession(queryable, this.#statements, this.#timings, {
        settledAt: this.#settledAt,
        clock: this.#clock,
        watched: () => new Set([...this.#workers].flatMap(({ watched }) => watched)),
        changed: () => this.#changed(),
      });
      this.#session = session;
      return () => this.#ended(session);
    });
  }

  /** @param options - `changed`: called when the worker should send a heartbeat soon. `keepsListening`: false where it only uses a session that is there anyway. */
  join({ changed, keepsListening }: { readonly changed: () => void; readonly keepsListening: boolean }): WorkerLiveness {
    const worker = { changed, watched: [] as readonly number[] };
    this.#workers.add(worker);
    const letGo = keepsListening ? this.#feed.keepListening() : undefined;
    const lock = (): number | undefined => this.#session?.lock;
    return {
      get lock() {
        return lock();
      },
      watch: (locks) => {
        worker.watched = locks;
        this.#session?.wakeUp();
      },
      leave: () => {
        if (this.#workers.delete(worker)) letGo?.();
      },
    };
  }

  #ended(session: LivenessSession): void {
    if (this.#session === session) this.#session = undefined;
    session.end();
    if (this.#workers.size === 0) return;
    this.#settledAt = this.#clock.now() + this.#timings.settleMs;
    this.#changed();
  }

  #changed(): void {
    for (const { changed } of this.#workers) changed();
  }
}
