import { decodeLogEvent } from "../read/decode.ts";
import type { Anchor, FollowedBatch } from "./follow.ts";
import { placeOf } from "./log-pages.ts";
import type { SharedRow } from "./row-filter.ts";

/** What one read of the tail brought: the rows above the place of the one before, up to `anchor`. */
export interface Portion {
  readonly rows: readonly SharedRow[];
  readonly anchor: Anchor;
  /** The mark that it was read under. */
  readonly mark: number;
}

export interface Membership {
  readonly matches: (row: SharedRow) => boolean;
  /** What it has had already. */
  readonly after: Anchor;
  readonly until: number;
  readonly batchSize: number;
}

/** Ids, numbers and dates of an event, next to its data and metadata. */
const fixedBytes = 200;

/**
 * One follower's place in the shared tail: a queue that the tail fills and the follower empties at its own pace. Full, it
 * leaves the tail; what it holds then is without a gap, so that the follower catches up alone from its end.
 */
export class TailMember {
  readonly #membership: Membership;
  readonly #mostBytes: number;
  #queue: Portion[] = [];
  #bytes = 0;
  /** Where the queue ends. */
  #end: Anchor;
  #mark = 0;
  #left = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(membership: Membership, mostBytes: number) {
    this.#membership = membership;
    this.#mostBytes = mostBytes;
    this.#end = membership.after;
  }

  get left(): boolean {
    return this.#left;
  }

  /** Takes what it wants of a portion, or leaves. */
  offer({ rows, anchor, mark }: Portion): void {
    const { matches, until } = this.#membership;
    if (this.#left || anchor.position <= this.#end.position) return;
    if (anchor.position > until || this.#bytes >= this.#mostBytes) return this.leave();
    const own = rows.filter((row) => row.position > this.#end.position && matches(row));
    const last = this.#queue.at(-1);
    // Where nothing matches, only the anchor moves, however long it is not asked.
    if (own.length === 0 && last?.rows.length === 0) this.#queue.pop();
    this.#queue.push({ rows: own, anchor, mark });
    this.#bytes += own.reduce((sum, row) => sum + sizeOf(row), 0);
    this.#end = anchor;
    this.#mark = mark;
    this.#wake?.();
  }

  /** The tail offers nothing more; `next` still gives what is there, and then nothing. */
  leave(failure?: { readonly error: unknown }): void {
    this.#left = true;
    this.#failure ??= failure;
    this.#wake?.();
  }

  /** Waits for something. Undefined: it has left the tail, and everything was taken. */
  async next(signal: AbortSignal): Promise<FollowedBatch | undefined> {
    await this.#filled(signal);
    const [first] = this.#queue;
    if (first) return this.#take();
    if (this.#failure) throw this.#failure.error;
    return undefined;
  }

  #take(): FollowedBatch {
    const { batchSize } = this.#membership;
    const events: SharedRow[] = [];
    let anchor = this.#end;
    for (let portion = this.#queue.shift(); portion; portion = this.#queue.shift()) {
      const room = batchSize - events.length;
      events.push(...portion.rows.slice(0, room));
      if (portion.rows.length > room) {
        this.#queue.unshift({ ...portion, rows: portion.rows.slice(room) });
        if (room > 0) anchor = placeOf(events.at(-1)?.row ?? {});
        break;
      }
      ({ anchor } = portion);
    }
    this.#bytes -= events.reduce((sum, row) => sum + sizeOf(row), 0);
    return {
      events: events.map(({ row, stream }) => ({ event: decodeLogEvent(row), stream })),
      anchor,
      mark: this.#mark,
      caughtUp: !this.#left && anchor.position >= this.#mark,
    };
  }

  #filled(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#queue.length > 0 || this.#left) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        signal.removeEventListener("abort", finish);
        this.#wake = undefined;
        if (signal.aborted) reject(signal.reason);
        else resolve();
      };
      signal.addEventListener("abort", finish, { once: true });
      this.#wake = finish;
    });
  }
}

export function sizeOf({ row }: SharedRow): number {
  return fixedBytes + (row["data"]?.length ?? 0) + (row["metadata"]?.length ?? 0);
}
