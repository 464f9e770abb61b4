import type { Database, Session, Statement } from "../database/database.ts";
import { StoreClosedError } from "../errors.ts";
import type { Logger } from "../logger.ts";
import { checkFilter } from "../read/filter.ts";
import { Bell } from "./bell.ts";
import { type Blocker, blockersStatement, readBlockers } from "./blockers.ts";
import type { FollowedBatch, FollowOptions } from "./follow.ts";
import { followLog } from "./follower.ts";
import { everything, LogPages } from "./log-pages.ts";
import { MarkReader } from "./mark.ts";
import { Outage } from "./outage.ts";
import { Pulse } from "./pulse.ts";
import { Tail } from "./tail.ts";

/** The log as it grows: how far it may be read, who holds that back, and following it. */
export class Feed {
  readonly #database: Database;
  readonly #marks: MarkReader;
  readonly #blockers: Statement;
  readonly #log: LogPages;
  readonly #bell = new Bell();
  readonly #outage: Outage;
  readonly #tail: Tail;
  readonly #closed = new AbortController();

  constructor(database: Database, schema: string, logger: Logger = console) {
    this.#database = database;
    this.#marks = new MarkReader(database, schema);
    this.#blockers = blockersStatement(schema);
    this.#log = new LogPages(database, schema);
    this.#outage = new Outage(logger);
    const pulse = new Pulse(this.#bell);
    this.#tail = new Tail({
      mark: (signal) => this.#marks.read(signal),
      pages: (after, until, signal) => this.#log.open(after, until, everything, signal),
      rest: (found, signal) => pulse.rest(found, signal),
      failed: (error, signal) => this.#outage.after(error, signal),
      succeeded: () => this.#outage.over(),
    });
  }

  /** 0 where there is no event yet. On a standby: as far as the primary last wrote down. */
  async highWaterMark(signal?: AbortSignal): Promise<number> {
    return (await this.#marks.read(signal)).position;
  }

  /** See `MarkReader.readWithin`. */
  markWithin(session: Session): Promise<number> {
    return this.#marks.readWithin(session);
  }

  blockers(signal?: AbortSignal): Promise<readonly Blocker[]> {
    return readBlockers(this.#database, this.#blockers, signal);
  }

  /**
   * Follows the log: catches up from `after`, then stays live. Pull: `next` is called when the reader is ready, and what is
   * held meanwhile is bounded. The first batch comes as soon as the reader has caught up, empty where there was nothing.
   *
   * @throws {@link HistoryForkedError} — the event of `after`, or of a later anchor, is gone.
   * @throws {@link StoreClosedError} — the store is closed.
   */
  async *follow(options: FollowOptions): AsyncGenerator<FollowedBatch, void, undefined> {
    const ended = new AbortController();
    const onAbort = (): void => ended.abort(options.signal.reason);
    const onClose = (): void => ended.abort(this.#closed.signal.reason);
    options.signal.addEventListener("abort", onAbort, { once: true });
    this.#closed.signal.addEventListener("abort", onClose, { once: true });
    if (options.signal.aborted) onAbort();
    if (this.#closed.signal.aborted) onClose();
    try {
      ended.signal.throwIfAborted();
      const filter = options.filter === undefined ? undefined : checkFilter(options.filter, "options.filter");
      yield* followLog({ log: this.#log, marks: this.#marks, tail: this.#tail, outage: this.#outage }, { ...options, filter, signal: ended.signal });
    } finally {
      options.signal.removeEventListener("abort", onAbort);
      this.#closed.signal.removeEventListener("abort", onClose);
    }
  }

  /** Something was committed: followers look now. */
  ring(): void {
    this.#bell.ring();
  }

  /** Ends every follower with a `StoreClosedError`. */
  close(): void {
    this.#closed.abort(new StoreClosedError());
  }
}
