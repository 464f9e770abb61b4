import { setImmediate as turn } from "node:timers/promises";
import { pause } from "../async/pause.ts";
import { type Headway, leastShare } from "./headway.ts";
import type { Mark } from "./mark.ts";

/** So long nothing else in the process gets a turn. */
export const sliceMs = 2;
/** What a statement reads while events are appended: it takes a core of the server for half a millisecond, and then the client's. */
const rowsWhileBusy = 100;
const lookEveryMs = 250;
/** Between the first two looks, which tell whether the log grows, and the longest rest until then. */
const firstLooksMs = 25;
/** However long the work took: a transaction that waits for longer holds up others, and in the end loses its lease. */
const longestRestMs = 1_000;
/** After the last look that found new events. */
const busyForMs = 1_000;
/** What was appended in a longer time without a look says nothing about now. */
const looksWithinMs = 10_000;

/** The high-water mark of a moment ago. */
export interface RecentMark {
  readRecent(signal?: AbortSignal): Promise<Pick<Mark, "position">>;
}

/**
 * Keeps work that nobody waits for out of the way of appends, wherever they come from: while the log grows it gets a share of the time,
 * in short slices, and otherwise all of it. One for a store: those who work at the same time share the share.
 */
export class BackgroundPace {
  readonly #marks: RecentMark;
  /** Without a position while the look is under way. */
  #looked: { readonly position: number | undefined; readonly at: number } | undefined;
  #grewAt = Number.NEGATIVE_INFINITY;
  /** In positions a second, between the last two looks. Undefined before the second one. */
  #growth: number | undefined;
  #restUntil = 0;

  constructor(marks: RecentMark) {
    this.#marks = marks;
  }

  /** Whether the log grew a moment ago, or nobody knows yet: a quarter of a second at full speed would be felt by every append of it. */
  get busy(): boolean {
    return this.#growth === undefined || performance.now() - this.#grewAt < busyForMs;
  }

  /** The most rows that a statement reads now. */
  get pageRows(): number {
    return this.busy ? rowsWhileBusy : Number.POSITIVE_INFINITY;
  }

  /**
   * Ends a slice of work that began at `since`, by `performance.now()`: the process's other work gets its turn, and appends their time.
   * Ends early when the signal aborts. Rejects as the read of the mark does.
   *
   * @param headway - Of a reader that has to reach the end of the log: without enough of it rests are shorter, or it never would.
   */
  async rest(since: number, signal: AbortSignal, headway?: Headway): Promise<void> {
    const now = performance.now();
    if (!this.#looked || now - this.#looked.at > (this.#growth === undefined ? firstLooksMs : lookEveryMs)) await this.#look(now);
    await this.restInTransaction(since, signal, headway, now);
  }

  /** The same by what is known, for who holds a connection: the look would need another, which an embedded database does not have. */
  async restInTransaction(since: number, signal: AbortSignal, headway?: Headway, now: number = performance.now()): Promise<void> {
    const share = this.busy ? (headway?.share(this.#growth ?? 0) ?? leastShare) : 1;
    if (share === 1) return await turn();
    const longestMs = this.#growth === undefined ? firstLooksMs : longestRestMs;
    this.#restUntil = Math.min(Math.max(this.#restUntil, since) + (now - since) / share, now + longestMs);
    await pause(Math.max(0, this.#restUntil - performance.now()), signal).catch(() => {});
  }

  async #look(now: number): Promise<void> {
    const before = this.#looked;
    // Who comes meanwhile does not look too.
    this.#looked = { position: before?.position, at: now };
    const { position } = await this.#marks.readRecent();
    this.#looked = { position, at: now };
    if (before?.position === undefined || now - before.at > looksWithinMs) return void (this.#growth = undefined);
    this.#growth = Math.max(0, position - before.position) / ((now - before.at) / 1_000);
    if (this.#growth > 0) this.#grewAt = performance.now();
  }
}
