import { randomInt } from "node:crypto";
import type { Clock } from "../async/clock.ts";
import { Signal } from "../async/signal.ts";
import type { ListeningSession } from "../database/database.ts";
import type { LivenessTimings } from "./liveness.ts";
import type { RuntimeStatements } from "./statements.ts";

export type LivenessStatements = Pick<RuntimeStatements, "holdLivenessLock" | "freeLivenessLocks" | "endLeasesOfDead">;

interface Surroundings {
  /** From then on its lock can be trusted. */
  readonly settledAt: number;
  readonly clock: Clock;
  /** The locks of others. */
  readonly watched: () => ReadonlySet<number>;
  /** Workers should send a heartbeat: this lock counts from now on, or no longer, or leases of a dead process have ended. */
  readonly changed: () => void;
}

/** `another-session`: a pooler lends sessions in turns, and what is locked in one of them proves nothing. */
type Look = "well" | "failed" | "another-session";

const list = (locks: Iterable<number>): string => `{${[...locks].join(",")}}`;

/** One session that listens: holds a lock in it, and looks from it whether others still hold theirs. */
export class LivenessSession {
  readonly #session: ListeningSession;
  readonly #statements: LivenessStatements;
  readonly #timings: LivenessTimings;
  readonly #around: Surroundings;
  readonly #over = new AbortController();
  readonly #wake = new Signal();
  /** Locks that were seen held, and since when they are free. */
  readonly #seen = new Map<number, number | undefined>();
  #lock: number | undefined;

  constructor(session: ListeningSession, statements: LivenessStatements, timings: LivenessTimings, around: Surroundings) {
    this.#session = session;
    this.#statements = statements;
    this.#timings = timings;
    this.#around = around;
    void this.#run();
  }

  /** Undefined where it cannot be trusted. */
  get lock(): number | undefined {
    return this.#lock;
  }

  /** There may be others to watch. */
  wakeUp(): void {
    if ([...this.#around.watched()].some((lock) => !this.#seen.has(lock))) this.#wake.raise();
  }

  end(): void {
    this.#lock = undefined;
    this.#over.abort();
  }

  async #run(): Promise<void> {
    const held = await this.#hold();
    if (!held) return;
    const { settledAt, clock } = this.#around;
    let settled = false;
    const settle = (): void => {
      settled = true;
      this.#trust(held.lock);
    };
    const callOff = clock.after(Math.max(0, settledAt - clock.now()), settle);
    this.#over.signal.addEventListener("abort", callOff, { once: true });
    for (let answer: Look = "well"; answer !== "another-session";) {
      await this.#pause();
      if (this.#over.signal.aborted) return;
      answer = await this.#look(held.pid);
      this.#trust(answer === "well" && settled ? held.lock : undefined);
    }
    callOff();
  }

  /** Undefined where it may not, or where the session has ended. */
  async #hold(): Promise<{ readonly lock: number; readonly pid: string | null | undefined } | undefined> {
    try {
      for (let attempt = 1; attempt <= 3; attempt++) {
        const lock = randomInt(1, 2 ** 31);
        const [row] = await this.#session.query(this.#statements.holdLivenessLock, [lock]);
        if (row?.["held"] === "true") return { lock, pid: row["pid"] };
      }
    } catch {
      // Leases end by the clock then.
    }
    return undefined;
  }

  #trust(lock: number | undefined): void {
    if (this.#over.signal.aborted || this.#lock === lock) return;
    this.#lock = lock;
    this.#around.changed();
  }

  /** Until the next look is due; for ever where there is no process to watch. */
  async #pause(): Promise<void> {
    const { lookMs, graceMs } = this.#timings;
    const { clock, watched } = this.#around;
    const dueAt = [...this.#seen.values()].map((freeSince) => (freeSince === undefined ? Number.POSITIVE_INFINITY : freeSince + graceMs));
    const ms = watched().size > 0 ? Math.max(1, Math.min(lookMs, ...dueAt.map((at) => at - clock.now()))) : undefined;
    await this.#wake.wait({ ms, abort: this.#over.signal });
  }

  async #look(pid: string | null | undefined): Promise<Look> {
    try {
      const watched = this.#around.watched();
      const [row] = await this.#session.query(this.#statements.freeLivenessLocks, [list(watched)]);
      if (row?.["pid"] !== pid) return "another-session";
      const free: readonly number[] = JSON.parse(row?.["free"] ?? "[]");
      const dead = this.#judge(watched, new Set(free));
      if (dead.length === 0) return "well";
      await this.#session.query(this.#statements.endLeasesOfDead, [list(dead)]);
      for (const lock of dead) this.#seen.delete(lock);
      this.#around.changed();
      return "well";
    } catch {
      // Tried again at the next look. Perhaps the session is lost, and who listens in it does not know yet.
      return "failed";
    }
  }

  /** Returns the locks of those that are dead. One that was never seen held says nothing when it is free, and neither does one's own. */
  #judge(watched: ReadonlySet<number>, free: ReadonlySet<number>): number[] {
    const now = this.#around.clock.now();
    for (const lock of this.#seen.keys()) if (!watched.has(lock)) this.#seen.delete(lock);
    for (const lock of watched) {
      if (!free.has(lock)) this.#seen.set(lock, undefined);
      else if (this.#seen.has(lock)) this.#seen.set(lock, this.#seen.get(lock) ?? now);
    }
    return [...this.#seen].flatMap(([lock, freeSince]) => (freeSince !== undefined && now - freeSince >= this.#timings.graceMs ? [lock] : []));
  }
}
