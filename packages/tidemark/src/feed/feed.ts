import type { Database, Session, Statement } from "../database/database.ts";
import { StoreClosedError } from "../errors/opening.ts";
import type { Logger } from "../model/logger.ts";
import { checkFilter } from "../read/filter.ts";
import type { PageMetrics } from "../read/page-counters.ts";
import { StatementsBySize } from "../read/statements-by-size.ts";
import type { LifecyclePart } from "../async/lifecycle.ts";
import { Signal } from "../async/signal.ts";
import { BackgroundPace } from "./background-pace.ts";
import { type Blocker, blockersStatement, readBlockers } from "./blockers.ts";
import { channelOf } from "./channel.ts";
import type { ListenerMetrics, MarkMetrics } from "./feed-metrics.ts";
import { Notifier } from "./notifier.ts";
import { NotificationListener, type SessionObserver } from "./notification-listener.ts";
import type { Anchor, FollowedBatch, FollowOptions } from "./follow.ts";
import type { FollowedLog } from "./followed-log.ts";
import { followLog, type Following, type Shared } from "./follower.ts";
import { everything, type Log, LogPages } from "./log-pages.ts";
import { type LogScan, LogScans, type ScanOptions } from "./log-scan.ts";
import { MarkReader } from "./mark.ts";
import { ReadRetry } from "./read-retry.ts";
import { PollSchedule } from "./poll-schedule.ts";
import { Tail } from "./tail.ts";
import { defaultTimings, type FollowTimings } from "./timings.ts";
import { TracedLog } from "./traced-log.ts";
import type { TracedPlace } from "../tracing/traced-store.ts";

/** The log as it grows: how far it may be read, who holds that back, and following it. */
export class Feed implements LifecyclePart, FollowedLog {
  /** For work that nobody waits for. */
  readonly background: BackgroundPace;
  readonly #database: Database;
  readonly #marks: MarkReader;
  readonly #blockers: Statement;
  readonly #log: Log;
  readonly #place: TracedPlace | undefined;
  readonly #scans: LogScans;
  readonly #readRetry: ReadRetry;
  readonly #shared: Shared;
  readonly #schedule: () => PollSchedule;
  readonly #notifier: Notifier;
  readonly #listener: NotificationListener;
  readonly #closed = new AbortController();
  readonly #reads: StatementsBySize;
  #heldBy: { readonly by: readonly Blocker[]; readonly at: number } | undefined;
  /** Raised where a timer was set that is due soon, here or in another process. */
  readonly timersSet: Signal = new Signal();

  /** @param place - Of which store it is, for tracing. Undefined: its pages are not traced. */
  constructor(database: Database, schema: string, logger: Logger, timings: FollowTimings = defaultTimings, place?: TracedPlace) {
    this.#database = database;
    this.#place = place;
    this.#marks = new MarkReader(database, schema);
    this.background = new BackgroundPace(this.#marks);
    this.#blockers = blockersStatement(schema);
    this.#reads = new StatementsBySize(schema);
    this.#log = this.#traced(new LogPages(database, this.#reads), "events");
    this.#scans = new LogScans(this.#log, this.#marks, {
      mostRows: () => this.background.pageRows,
      ahead: () => database.connections > 1 && !this.background.busy,
    });
    this.#readRetry = new ReadRetry(logger);
    const committed = new Signal();
    const channel = channelOf(schema);
    this.#notifier = new Notifier(database, committed, channel);
    this.#listener = new NotificationListener(database, channel, { committed, timers: this.timersSet, logger, heardWithinMs: timings.heardWithinMs });
    this.#schedule = () => new PollSchedule(committed, timings);
    this.#shared = this.#share(this.#log, this.#marks);
  }

  #traced(log: Log, name: "events" | "outbox"): Log {
    return this.#place ? new TracedLog(log, name, this.#place) : log;
  }

  /** What all followers of a log share. */
  #share(log: Log, marks: MarkReader): Shared {
    const schedule = this.#schedule();
    const tail = new Tail({
      mark: (signal) => marks.read(signal),
      pages: (after, until, signal) => log.open(after, until, everything, signal),
      wait: (found, signal) => schedule.wait(found, signal),
      failed: (error, signal) => this.#readRetry.wait(error, signal),
      succeeded: () => this.#readRetry.succeeded(),
    });
    return { log, marks, tail, readRetry: this.#readRetry };
  }

  /** Another log of the store, followed as this one is: woken by the same commits, and closed with it. */
  besides(log: Log, marks: MarkReader): FollowedLog {
    const shared = this.#share(this.#traced(log, "outbox"), marks);
    return {
      highWaterMark: async (signal) => (await marks.read(signal)).position,
      follow: ({ filter, ...options }) => this.#follow(shared, { ...options, filter: filter && checkFilter(filter, "options.filter") }),
      followItems: (following) => this.#follow(shared, following),
      behindMs: (position) => marks.history.behindMs(position),
      markMetrics: () => marks.metrics(),
    };
  }

  /** Aborts when the store closes, with the error that calls reject with then. */
  get closing(): AbortSignal {
    return this.#closed.signal;
  }

  get closed(): boolean {
    return this.#closed.signal.aborted;
  }

  /** 0 where there is no event yet. On a standby: as far as the primary last wrote down. */
  async highWaterMark(signal?: AbortSignal): Promise<number> {
    return (await this.#marks.read(signal)).position;
  }

  /** The same, as it was a moment ago. */
  async recentMark(signal?: AbortSignal): Promise<number> {
    return (await this.#marks.readRecent(signal)).position;
  }

  /** The place of the high-water mark, to follow from. */
  async end(signal?: AbortSignal): Promise<Anchor> {
    const { position, id } = await this.#marks.read(signal);
    return { position, id };
  }

  /** See `MarkReader.readWithin`. */
  markWithin(session: Session): Promise<number> {
    return this.#marks.readWithin(session);
  }

  async blockers(signal?: AbortSignal): Promise<readonly Blocker[]> {
    const by = await readBlockers(this.#database, this.#blockers, signal);
    this.#heldBy = { by, at: performance.now() };
    return by;
  }

  /** What this process knows, without a query. */
  metrics(): { readonly mark: MarkMetrics; readonly listener: ListenerMetrics; readonly followed: PageMetrics } {
    const held = this.#heldBy;
    const mark = { ...this.#marks.metrics(), heldBy: held?.by ?? null, heldByAgoMs: held ? performance.now() - held.at : null };
    return { mark, listener: this.#listener.metrics(), followed: this.#reads.counters.metrics() };
  }

  markMetrics(): Pick<MarkMetrics, "position" | "positionsPerSecond"> {
    return this.#marks.metrics();
  }

  /** How long this process has known of events after a position: see `MarkHistory`. */
  behindMs(position: number): number {
    return this.#marks.history.behindMs(position);
  }

  /**
   * Follows the log: catches up from `after`, then stays live. Pull: `next` is called when the reader is ready, and what is
   * held meanwhile is bounded. The first batch comes as soon as the reader has caught up, empty where there was nothing.
   * While the database cannot be reached, it waits and tries again.
   *
   * @throws {@link HistoryForkedError} — the event of `after`, or of a later anchor, is gone.
   * @throws {@link StoreClosedError} — the store is closed.
   * @throws {@link DatabaseError} — PostgreSQL rejected the read, and would reject it again.
   */
  follow({ filter, ...options }: FollowOptions): AsyncGenerator<FollowedBatch, void, undefined> {
    return this.followItems({ ...options, filter: filter === undefined ? undefined : checkFilter(filter, "options.filter") });
  }

  /** The same, with a filter that was checked before. */
  followItems(following: Following): AsyncGenerator<FollowedBatch, void, undefined> {
    return this.#follow(this.#shared, following);
  }

  async *#follow(shared: Shared, following: Following): AsyncGenerator<FollowedBatch, void, undefined> {
    const ended = new AbortController();
    const onAbort = (): void => ended.abort(following.signal.reason);
    const onClose = (): void => ended.abort(this.#closed.signal.reason);
    following.signal.addEventListener("abort", onAbort, { once: true });
    this.#closed.signal.addEventListener("abort", onClose, { once: true });
    if (following.signal.aborted) onAbort();
    if (this.closed) onClose();
    // Who only reads what is there needs no connection that listens.
    let leave: (() => void) | undefined;
    const onLive = (): void => void (leave ??= this.#listener.addFollower());
    try {
      ended.signal.throwIfAborted();
      yield* followLog(shared, { ...following, onLive, signal: ended.signal });
    } finally {
      leave?.();
      following.signal.removeEventListener("abort", onAbort);
      this.#closed.signal.removeEventListener("abort", onClose);
    }
  }

  /** Reads the log up to the high-water mark, together with others who do so: see `LogScans`. A failed read is not tried again. */
  scan(options: ScanOptions): Promise<LogScan> {
    return this.#scans.open(options);
  }

  /** Keeps the connection that listens open, although there is no follower. Call what it returns, once, to let go. */
  keepListening(): () => void {
    return this.#listener.addFollower();
  }

  /** Has `onSession` called with each session of this process's own that listens from now on. One observer. */
  observeSessions(onSession: SessionObserver): void {
    this.#listener.observe(onSession);
  }

  /** Something was committed: followers look now, those of other processes a moment later. */
  notify(): void {
    this.#notifier.notify();
  }

  /** A timer was set that is due soon: who fires timers looks now, in other processes a moment later. */
  notifyTimers(): void {
    this.timersSet.raise();
    this.#notifier.notifyTimers();
  }

  /** Ends every follower with a `StoreClosedError`. Other processes still hear of what is written. */
  async drain(): Promise<void> {
    this.#closed.abort(new StoreClosedError());
  }

  /** Resolves when other processes have heard of what was written. */
  async stop(): Promise<void> {
    await Promise.all([this.#notifier.close(), this.#listener.close()]);
  }
}
