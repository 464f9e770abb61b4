import { AsyncLocalStorage } from "node:async_hooks";
import { Durations } from "../counters/durations.ts";
import type { Database, Session, Statement } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { toSafeInteger } from "../database/number.ts";
import { isTidemarkError } from "../errors/errors.ts";
import { sizeClassAt } from "../read/statements-by-size.ts";
import { functionName } from "../schema/function-set.ts";
import type { MarkMetrics } from "./feed-metrics.ts";
import { MarkHistory } from "./mark-history.ts";

/** The last event at or below which nothing new can appear; position 0 and no id where there is none. */
export interface Mark {
  readonly position: number;
  readonly id: string | null;
  /** Rises when the event of an earlier mark is gone: the database lost or replaced events that were read. */
  readonly history: number;
}

export interface Marks {
  /** A mark that was read after this call. */
  read(signal?: AbortSignal): Promise<Mark>;
}

/** So short that no failover fits in: one that loses events leaves marks above its end. */
const recentMs = 20;
/** How often the mark is written down for standbys, at most. */
const keepEveryMs = 1_000;

/**
 * Reads the high-water mark, once for all who ask at the same time. Why the mark is sound, and what breaks it:
 * `high_water_mark.sql`, `hold_floor.sql` and docs/design/high-water-mark.md.
 */
export class MarkReader implements Marks {
  readonly #database: Database;
  readonly #source: Statement;
  /** Renamed as the log grows, so that no plan from when it was tiny scans it: see `statements-by-size.ts`. */
  #mark: Statement | undefined;
  #sizeClass = 0;
  readonly #keep: Statement | undefined;
  readonly #isolation: Statement = { name: "tidemark_isolation", text: "select pg_catalog.current_setting('transaction_isolation') as level" };
  /** What is asked for all must not run inside the transaction of the one who asked. */
  readonly #outside = AsyncLocalStorage.snapshot();
  /** The last answer. A later one may be older (a stopped append publishes an old floor), and then this one stays true. */
  #last: Mark = { position: 0, id: null, history: 0 };
  /** When the last answer was asked for, by performance.now(). */
  #readAt = Number.NEGATIVE_INFINITY;
  #running: Promise<Mark> | undefined;
  #next: Promise<Mark> | undefined;
  #keptAt = Number.NEGATIVE_INFINITY;
  readonly #reading = new Durations();
  /** Of the marks that were read. */
  readonly history: MarkHistory = new MarkHistory();
  #keeps = true;

  /** @param other - What asks for the mark of another log than that of events. It is not written down for standbys. */
  constructor(database: Database, schema: string, other?: Statement) {
    const quoted = quoteIdentifier(schema);
    this.#database = database;
    const text = `
select m.mark::text, m.id::text, m.in_recovery::text, (select e.id from ${quoted}.events as e where e.position = $1)::text as last_id
  from ${functionName(schema, "high_water_mark")}($1, $2) as m`;
    this.#source = other ?? { name: "tidemark_high_water_mark", text };
    if (!other) this.#keep = { name: "tidemark_keep_high_water_mark", text: `select ${functionName(schema, "keep_high_water_mark")}($1, $2)::text` };
  }

  /** A read under way may have looked before what this caller wants to see, so that it waits for the next one, with all others who do. */
  async read(signal?: AbortSignal): Promise<Mark> {
    this.#database.refuseReentrance();
    const start = (): Promise<Mark> => {
      this.#next = undefined;
      this.#running = this.#outside(() => this.#ask()).finally(() => (this.#running = undefined));
      return this.#running;
    };
    const mark = this.#running ? (this.#next ??= this.#running.then(start, start)) : start();
    return await unlessAborted(mark, signal);
  }

  /** A mark that was read less than 20 ms ago, or now. What stands at or below a mark stays as it is, so that an old one serves as well. */
  async readRecent(signal?: AbortSignal): Promise<Mark> {
    this.#database.refuseReentrance();
    signal?.throwIfAborted();
    return performance.now() - this.#readAt < recentMs ? this.#last : await this.read(signal);
  }

  /**
   * The mark inside a transaction of the caller's. What that transaction appended itself holds it back too. Under REPEATABLE
   * READ there is none: everything in the snapshot is read, and no position in it is a checkpoint.
   */
  async readWithin(session: Session): Promise<number> {
    const [isolation] = await session.query(this.#isolation, []);
    if (isolation?.["level"] !== "read committed" && isolation?.["level"] !== "read uncommitted") return Number.MAX_SAFE_INTEGER;
    const [row] = await session.query(this.#statement(), [0, null]);
    return toSafeInteger(row?.["mark"]);
  }

  metrics(): Omit<MarkMetrics, "heldBy" | "heldByAgoMs"> {
    const { movedAgoMs, perSecond } = this.history;
    const readAgoMs = Number.isFinite(this.#readAt) ? performance.now() - this.#readAt : null;
    return { position: this.#last.position, readAgoMs, movedAgoMs, positionsPerSecond: perSecond, reading: this.#reading.metrics() };
  }

  #statement(): Statement {
    const sizeClass = sizeClassAt(this.#last.position);
    if (!this.#mark || sizeClass > this.#sizeClass) {
      this.#sizeClass = sizeClass;
      this.#mark = { ...this.#source, sizeClass };
    }
    return this.#mark;
  }

  async #ask(): Promise<Mark> {
    const before = this.#last;
    const askedAt = performance.now();
    const [row] = await this.#database.query(this.#statement(), [before.position, before.id]);
    const position = toSafeInteger(row?.["mark"]);
    const id = row?.["id"] ?? null;
    const gone = before.id !== null && row?.["last_id"] !== before.id;
    this.#last = { position, id, history: before.history + (gone ? 1 : 0) };
    this.#readAt = askedAt;
    this.#reading.add(performance.now() - askedAt);
    this.history.read(position);
    if (row?.["in_recovery"] === "false" && id !== null) this.#writeDown(position, id);
    return this.#last;
  }

  /** Beside the caller, and only a service to standbys: a failure changes nothing here, and a role that may not write stops trying. */
  #writeDown(position: number, id: string): void {
    const now = performance.now();
    if (!this.#keep || !this.#keeps || now - this.#keptAt < keepEveryMs) return;
    this.#keptAt = now;
    this.#database.query(this.#keep, [position, id]).catch((error: unknown) => {
      if (isTidemarkError(error, "DATABASE") && error.sqlState === "42501") this.#keeps = false;
    });
  }
}

/** What others wait for too goes on; this caller alone gives up. */
async function unlessAborted<T>(shared: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return await shared;
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = (): void => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
  try {
    return await Promise.race([shared, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
