import type { EventDecoder } from "../../catalogue/event-codec.ts";
import { sendInTurn } from "../../database/calls.ts";
import type { Session } from "../../database/database.ts";
import { wasCutOff } from "../../database/sql-state.ts";
import type { CollectionTable, DocumentWrite } from "../../documents/collection-table.ts";
import { isTidemarkError } from "../../errors/errors.ts";
import { Headway } from "../../feed/headway.ts";
import type { LogScan } from "../../feed/log-scan.ts";
import type { ValidQueryItem } from "../../read/filter.ts";
import type { ShardAccess } from "../../runtime/follower.ts";
import type { WorkerContext } from "../../runtime/worker-context.ts";
import type { DefinedDocumentProjection } from "../defined-projection.ts";
import type { BuildRow, FoundBuild } from "./build-row.ts";
import { type FlushLimits, FlushSchedule } from "./flush-schedule.ts";
import { Pace } from "./pace.ts";
import { DocumentCache, type DocumentChanges } from "./document-cache.ts";
import { DocumentFold, NotFolded, unlessFolded } from "./document-fold.ts";
import { done, rebuilding } from "../../tracing/operations.ts";

/** How a projection is built that is far behind. */
export interface BuildLimits extends FlushLimits {
  /** Positions to the end of the log from which on it is built, not followed. */
  readonly farBehind: number;
}

export const defaultBuildLimits: BuildLimits = { farBehind: 10_000, memoryBytes: 64 * 1024 * 1024, flushEveryMs: 5_000 };

/** Of a statement that writes documents while events are appended: some hundred of the usual size, which take the server about 10 ms. */
const unitsBesideAppends = 64 * 1024;

export type BuildContext = Pick<WorkerContext, "database" | "schema" | "statements" | "feed" | "logger" | "traced">;

export interface BuildParts {
  readonly projection: DefinedDocumentProjection;
  readonly decoder: EventDecoder<ValidQueryItem>;
  readonly table: CollectionTable;
  readonly limits: BuildLimits;
  /** Called in each transaction that writes, before it does. */
  readonly enter: (session: Session) => Promise<void>;
  /** Whether there are no documents in the table, in a part none of its own. */
  readonly whole: boolean;
  /** Where it tells how far it is; undefined where it is built beside no other version. */
  readonly row: BuildRow | undefined;
  readonly found: FoundBuild | undefined;
}

/** One run of a build, in the hands of one owner of the shard. While a flush is written, the next pages are folded. */
export class BuildRun {
  readonly #context: BuildContext;
  readonly #shard: ShardAccess;
  readonly #parts: BuildParts;
  readonly #cache: DocumentCache;
  readonly #fold: DocumentFold;
  /** Everything up to here is folded. */
  #reached: number;
  /** Events that are folded and not in a flush. */
  #events = 0;
  /** In how many parts it is to be built, when it was last asked. */
  #wanted: number;
  #mayBeSplit: boolean;
  readonly #schedule: FlushSchedule;
  readonly #headway: Headway;
  #flushing: Promise<void> = Promise.resolve();

  constructor(context: BuildContext, shard: ShardAccess, parts: BuildParts) {
    this.#context = context;
    this.#shard = shard;
    this.#parts = parts;
    this.#cache = new DocumentCache(parts.projection, parts.whole);
    this.#fold = new DocumentFold(parts.projection, parts.decoder, parts.table, this.#cache, shard.checkpoint.shard.of > 1);
    this.#reached = shard.checkpoint.written.position;
    this.#headway = new Headway(this.#reached);
    this.#schedule = new FlushSchedule(parts.limits, this.#reached);
    this.#wanted = parts.found?.parts ?? 1;
    // What stood there when it began was heeded then.
    this.#mayBeSplit = this.#wanted === 1 && shard.checkpoint.shard.of === 1;
  }

  /** In how many parts it is to be built, as it was last told. */
  get wanted(): number {
    return this.#wanted;
  }

  /** Whether parts were asked for since it began. */
  get isToBeSplit(): boolean {
    return this.#mayBeSplit && this.#wanted > 1;
  }

  /** It goes on in one part, whatever was asked for. */
  stayWhole(): void {
    this.#mayBeSplit = false;
  }

  /**
   * Folds and writes everything up to the high-water mark of its beginning, of a part up to the end that all parts have. Ends earlier, with all that is
   * folded written, where the shard must end or the build is to be split.
   */
  toTheMark(): Promise<void> {
    const { name, version } = this.#parts.projection;
    const place = { store: this.#context.traced, tenant: this.#shard.tenant };
    return rebuilding.trace(
      place,
      () => ({ operation: "build", projection: name, version }),
      () => this.#buildToTheMark(),
      done,
    );
  }

  async #buildToTheMark(): Promise<void> {
    const { projection, decoder } = this.#parts;
    const { checkpoint, tenant, signal } = this.#shard;
    const { shard: index, of, barrier } = checkpoint.shard;
    const pace = new Pace(this.#context.feed.background, this.#eventsPerSecond, signal, this.#headway);
    const wanted = {
      tenant: projection.tenants === "all" ? undefined : tenant,
      filter: decoder.filter,
      shard: of > 1 ? { index, of } : undefined,
    };
    const scan = await this.#context.feed.scan({
      reader: projection.name,
      wanted,
      after: checkpoint.written,
      ...(barrier !== undefined && { until: barrier }),
      alone: this.#eventsPerSecond !== undefined,
      signal,
    });
    try {
      for (let last = false; !last && !this.isToBeSplit && (await this.#shard.mayGoOn(() => scan.stepAside()));) {
        const page = await scan.next();
        await pace.begin(page.tookMs);
        this.#events += await this.#fold.take(page, this.#context.database, pace);
        this.#reached = page.reached;
        this.#headway.reached(page.reached);
        ({ last } = page);
        if (this.#schedule.isDue(this.#cache, this.#reached, scan.until)) await this.#flush(scan);
        await pace.keep(page.size);
      }
      await this.#flush(scan);
      await this.#flushing;
    } finally {
      scan.close();
      // What comes next must not meet a transaction of this one's.
      await this.#flushing.catch(() => {});
    }
  }

  /** Undefined: out of the way of appends. */
  get #eventsPerSecond(): number | undefined {
    const { eventsPerSecond } = this.#parts.found ?? {};
    return eventsPerSecond == null ? undefined : Math.ceil(eventsPerSecond / this.#shard.checkpoint.shard.of);
  }

  /** Begins to write what has changed; only one flush is under way. */
  async #flush(scan: LogScan): Promise<void> {
    await this.#flushing;
    const { memoryBytes } = this.#parts.limits;
    const changes = unlessFolded(() => this.#cache.takeChanges());
    const [reached, events] = [this.#reached, this.#events];
    this.#events = 0;
    this.#schedule.begin();
    this.#flushing = this.#write(scan, changes, { reached, events });
    // Heard where it is awaited; until then a failure must not count as unhandled.
    this.#flushing.catch(() => {});
    if (this.#cache.bytes <= memoryBytes) return;
    // What leaves memory is read from the table again.
    await this.#flushing;
    this.#cache.shrinkTo(memoryBytes / 2);
  }

  async #write(scan: LogScan, { writes, grown }: DocumentChanges, { reached, events }: { readonly reached: number; readonly events: number }): Promise<void> {
    const { database, statements } = this.#context;
    const { checkpoint, leaseMs } = this.#shard;
    const found = await scan.anchorAt(reached);
    if (found.position <= checkpoint.written.position) return;
    const { id, fence, of } = checkpoint.shard;
    try {
      await database.transaction(
        async (session) => {
          await checkpoint.guard(() => session.query(statements.enter, [id, fence]));
          await this.#parts.enter(session);
          await this.#writeDocuments(session, writes);
          // No part has everything up to there.
          const told = { events, documents: grown, ...(of === 1 && { reached }) };
          this.#wanted = (await this.#parts.row?.report(session, { state: "building", ...told })) ?? 1;
          await checkpoint.move(session, found);
        },
        { idleTimeoutMs: leaseMs },
      );
    } catch (error) {
      // Following says what is wrong with which event.
      throw isTidemarkError(error, "DATABASE") && !error.retryable && !wasCutOff(error) ? new NotFolded(error) : error;
    }
    this.#schedule.end();
    checkpoint.moved(found);
    this.#shard.passed(events);
  }

  /** While events are appended, a few at a time: one long statement takes a core from appends, and its WAL holds up the flush that they wait for. */
  async #writeDocuments(session: Session, writes: readonly DocumentWrite[]): Promise<void> {
    const { background } = this.#context.feed;
    if (this.#eventsPerSecond !== undefined || !background.busy) return void (await sendInTurn(session, this.#parts.table.writeCalls(writes, "given")));
    for (const call of this.#parts.table.writeCalls(writes, "given", unitsBesideAppends)) {
      const sentAt = performance.now();
      await sendInTurn(session, [call]);
      await background.restInTransaction(sentAt, this.#shard.signal, this.#headway);
    }
  }
}
