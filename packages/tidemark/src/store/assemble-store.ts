import { AppendCounters } from "../append/append-counters.ts";
import { GroupAppend } from "../append/group-append.ts";
import { appendStatements } from "../append/statements.ts";
import { Lifecycle } from "../async/lifecycle.ts";
import type { ValidStoreOptions } from "../arguments/store-options.ts";
import type { StoreTarget } from "../arguments/store-url.ts";
import { createCodec } from "../catalogue/create-codec.ts";
import { type EventCodec, plainEvents } from "../catalogue/event-codec.ts";
import { SkippedEvents } from "../catalogue/skipped-events.ts";
import { SnapshotKeeper } from "../commands/snapshots/keeper.ts";
import type { Database, QueryOptions } from "../database/database.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { StoreClosedError } from "../errors/opening.ts";
import type { Event } from "../model/event.ts";
import type { EventStore } from "./event-store.ts";
import { Feed } from "../feed/feed.ts";
import { defaultTimings } from "../feed/timings.ts";
import { Inbox } from "../inbox/inbox.ts";
import type { Logger } from "../model/logger.ts";
import { openDatabase } from "./open-database.ts";
import { OutboxWrites } from "../outbox/outbox-writes.ts";
import { GroupedFirstPages } from "../read/grouped-first-pages.ts";
import { StatementsBySize } from "../read/statements-by-size.ts";
import { checkRole } from "../schema/check-role.ts";
import { openSchema } from "../schema/open-schema.ts";
import { beginProjections } from "./begin-projections.ts";
import { checkProjections } from "../projections/check-projections.ts";
import { ProjectionGate } from "../projections/projection-gate.ts";
import { StaleDocumentsCheck } from "../projections/stale-documents.ts";
import { Store } from "./store.ts";
import { encodeSettings } from "./store-reader-writer.ts";
import { TimerAlarm } from "../timers/timer-alarm.ts";
import type { TimerParts } from "../timers/timer-parts.ts";
import { TimerService } from "../timers/timer-service.ts";
import { timerStatements } from "../timers/timer-statements.ts";
import { TimerWrites } from "../timers/timer-writes.ts";
import { Workers } from "./workers.ts";
import { done, migrating } from "../tracing/operations.ts";
import { tracedStore } from "./traced-store.ts";

/** Opens the database, brings its schema up to date, and wires the rooms together. */
export async function assembleStore<Events extends Event, Input extends Event>(
  target: StoreTarget,
  options: ValidStoreOptions,
  given?: EventCodec,
): Promise<EventStore<Events, Input>> {
  const skipped = new SkippedEvents(options.logger);
  const codec = given ?? codecOf(options, skipped);
  const projections = checkProjections(options.projections, "options.projections");
  const database = await openDatabase(target, options);
  const traced = tracedStore(target, options, database);
  try {
    if (options.requireRole) await checkRole(database, options.schema);
    const { migrate, integrity, logger } = options;
    const { synchronousCommit } = await migrating.trace(
      { store: traced, tenant: "" },
      () => ({}),
      () => openSchema(database, options.schema, { migrate, integrity, logger }),
      done,
    );
    warnOfWeakDurability(options, database, synchronousCommit);
    if (target.kind === "memory" && options.givenPool === undefined) warnOfMemory(options.logger);
  } catch (error) {
    await database.close();
    throw error;
  }
  const statements = appendStatements(options.schema);
  const { schema, unknownProjections, logger } = options;
  const gate = new ProjectionGate({
    database,
    schema,
    projections,
    unknownProjections,
    logger,
    createTransaction: (session, tenant, { replaying = false } = {}) => store.inlineTransaction(session, tenant, replaying),
    codec,
    traced,
    onBehind: () => void workers.look().catch(() => {}),
  });
  const appendCounters = new AppendCounters();
  const settings = {
    counters: appendCounters,
    queuedAppends: options.limits.queuedAppends,
    durability: options.durability === "server" ? null : options.durability,
    now: options.now,
    connectionTimeoutMs: options.pool.connectionTimeoutMs,
    queryTimeoutMs: options.pool.queryTimeoutMs,
    onWritten: () => feed.notify(),
  };
  const group = new GroupAppend(database, statements, settings, gate);
  const open = unlessClosing(database, group);
  const feed = new Feed(open, options.schema, options.logger, defaultTimings, { store: traced, tenant: "" });
  const alarm = new TimerAlarm(feed);
  const ofTimers = timerStatements(schema);
  const timers: TimerParts = {
    statements: ofTimers,
    writes: new TimerWrites(ofTimers, { codec, settings: encodeSettings(options) }),
    alarm,
    createService: (tenant, report) =>
      new TimerService(
        {
          database,
          statements: ofTimers,
          traced,
          append: { statements, gate },
          settings,
          alarm,
          keepListening: () => feed.keepListening(),
          onWritten: () => feed.notify(),
        },
        tenant,
        report,
      ),
  };
  // Not `open`: a handler that ends while the store closes still commits.
  const workers = new Workers({ database, feed, schema: options.schema, logger: options.logger, codec, traced, timers, projections });
  let phase: "open" | "closing" | "closed" = "open";
  const readStatements = new StatementsBySize(options.schema);
  const firstPages = new GroupedFirstPages(open, readStatements, options.pool);
  // Not `open`, either: the last commands' snapshots are written while the store closes.
  const snapshots = new SnapshotKeeper({ database, schema, logger, codec });
  const inbox = new Inbox({ database, schema, logger });
  const store = new Store<Events, Input>(
    {
      database: open,
      options,
      codec,
      traced,
      statements,
      group,
      gate,
      feed,
      workers,
      timers,
      inbox,
      outbox: new OutboxWrites(schema, encodeSettings(options)),
      appendCounters,
      openedAt: performance.now(),
      phase: () => phase,
      readStatements,
      firstPages,
      snapshots,
      skipped,
      projections,
      staleness: new StaleDocumentsCheck(schema, logger),
    },
    "",
    async (timeoutMs) => {
      if (database.insideTransaction())
        throw new InvalidArgumentError(
          "store",
          "cannot be closed inside its own transaction, whose end it would wait for. Close it after store.transaction has settled.",
        );
      if (phase === "open") phase = "closing";
      await lifecycle.close(timeoutMs);
      phase = "closed";
    },
  );
  const inline = { start: () => beginProjections(store.transactions, { database, schema, projections, workers, gate, feed, logger }) };
  // The last commands' snapshots are written once appends have drained.
  const lifecycle = new Lifecycle([
    [{ stop: (timeoutMs) => database.close(timeoutMs), cutOff: () => database.cutOff() }],
    [snapshots.queue, inbox],
    [feed, workers, group, inline],
  ]);
  await lifecycle.start();
  return store;
}

function codecOf({ events, unknownEvents, validateReads }: ValidStoreOptions, skipped: SkippedEvents): EventCodec {
  return events ? createCodec(events, { unknownEvents, validateReads, onSkipped: (event) => skipped.count(event) }) : plainEvents;
}

/** While the last appends drain, the database is open for them alone. */
function unlessClosing(database: Database, group: GroupAppend): Database {
  const refuse = (): void => {
    if (group.closed) throw new StoreClosedError();
  };
  return {
    ...database,
    async query(...call) {
      refuse();
      return database.query(...call);
    },
    async userQuery<Row>(text: string, values: readonly unknown[], options?: Pick<QueryOptions, "signal">) {
      refuse();
      return database.userQuery<Row>(text, values, options);
    },
    async transaction(...call) {
      refuse();
      return database.transaction(...call);
    },
  };
}

/** These acknowledge a commit that a crash of the server, or its loss, can take back. */
const weak = new Set(["off", "local", "remote_write"]);

function warnOfWeakDurability({ durability, logger }: ValidStoreOptions, database: Database, synchronousCommit: string): void {
  const setting = durability === "server" ? synchronousCommit : durability;
  // An embedded database in memory promises nothing to begin with.
  if (database.driver === "pg" && weak.has(setting)) {
    logger.warn(
      `tidemark: appends run with synchronous_commit = ${setting}: a successful append can be lost when the server crashes. Set durability: "on" if you do not want that.`,
    );
  }
}

let warnedOfMemory = false;

/** Once a process: tests open a store in memory each. */
function warnOfMemory(logger: Logger): void {
  if (warnedOfMemory) return;
  warnedOfMemory = true;
  logger.warn('tidemark: this store is in memory, so its events are lost when the process ends. To keep them, pass "file:./data" or "postgres://…".');
}
