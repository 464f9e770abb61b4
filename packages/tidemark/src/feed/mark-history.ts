import { Rate } from "../counters/rate.ts";

/** How far apart two marks are that are remembered, at least. */
const everyMs = 500;
/** How many are remembered: a quarter of an hour. */
const most = 1_800;

interface Moment {
  readonly position: number;
  readonly at: number;
}

/** Remembers when the high-water mark passed which position, as this process saw it. */
export class MarkHistory {
  readonly #now: () => number;
  readonly #growth: Rate;
  /** In order, of position and time; the last one may be replaced by a later one. */
  #moments: Moment[] = [];
  #position: number | undefined;
  #movedAt: number | undefined;

  /** @param now - In milliseconds, never going back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#growth = new Rate(now);
  }

  /** Positions a second, over the last minute. */
  get perSecond(): number {
    return this.#growth.perSecond;
  }

  /** How long ago a mark was read that was higher than the one before it. Null: none was. */
  get movedAgoMs(): number | null {
    return this.#movedAt === undefined ? null : this.#now() - this.#movedAt;
  }

  read(position: number): void {
    const before = this.#position;
    this.#position = position;
    if (before === undefined) {
      this.#moments.push({ position, at: this.#now() });
      return;
    }
    if (position === before) return;
    const at = this.#now();
    if (position < before) {
      // The database lost events: what was seen of the old log says nothing of the new one.
      this.#moments = [{ position, at }];
      return;
    }
    this.#movedAt = at;
    this.#growth.add(position - before);
    const last = this.#moments.at(-2);
    if (last && at - last.at < everyMs) this.#moments.pop();
    this.#moments.push({ position, at });
    if (this.#moments.length > most) this.#moments = this.#moments.slice(most / 2);
  }

  /**
   * How long this process has known that there is something after a position; 0 where it knows of nothing. A lower bound: what is older than
   * its memory counts from there.
   */
  behindMs(position: number): number {
    if (this.#position === undefined || position >= this.#position) return 0;
    let [low, high] = [0, this.#moments.length - 1];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((this.#moments[middle]?.position ?? 0) > position) high = middle;
      else low = middle + 1;
    }
    return this.#now() - (this.#moments[low]?.at ?? this.#now());
  }
}
