import type { SkippedType } from "../catalogue/skipped-events.ts";
import type { Blocker } from "../feed/blockers.ts";
import type { RecordedEvent } from "../model/event.ts";
import type { CheckReport } from "../transfer/check-events.ts";
import type { CheckEventsOptions } from "../transfer/check-options.ts";
import type { FollowerState } from "../operations/follower-states.ts";
import type { BudgetOptions, ConnectionBudget } from "../operations/connection-budget.ts";
import type { DoctorFinding } from "../operations/doctor/finding.ts";
import type { StatsOptions } from "../operations/stats/stats-options.ts";
import type { StoreStats } from "../operations/stats/store-stats.ts";
import type { HealthLimits } from "../operations/health/health-limits.ts";
import type { HealthReport } from "../operations/health/health-report.ts";
import type { StoreMetrics } from "../operations/metrics/store-metrics.ts";
import type { VerifyReport } from "../operations/verify/verify.ts";
import type { VerifyOptions } from "../operations/verify/verify-options.ts";

/** What those who operate a store ask of it: how it is, what it holds, and whether all of it is right. */
export interface StoreOperations {
  /**
   * Returns what this store knows of its own work in this process, of all tenants and views: the pool, appends, reads, the high-water mark, the
   * connection that listens, and each consumer, projection, process and relay that a worker runs here. Plain numbers; it asks the database nothing,
   * so that you may call it every second, and after `close`. For a whole database, of which this process knows a part, see `tidemark metrics`.
   */
  metrics(): StoreMetrics;

  /**
   * Returns how far each consumer, projection, process and relay is, wherever its workers run: those of all tenants, of a tenant's view its own. For
   * the details of one, see `consumers`, `projections`, `processes` and `relays`. `tidemark metrics` shows them, with their pace.
   *
   * @throws {@link SequenceBehindError} — as `highWaterMark`.
   */
  followers(): Promise<readonly FollowerState[]>;

  /**
   * Tells whether the server has connections for all processes that open a store on it, if each uses its whole pool: what the server allows,
   * what is taken and by whom, what a process takes at most, and how many of them fit. The same for every tenant's view.
   *
   * @throws {@link InvalidArgumentError} — an option is invalid or unknown.
   */
  connectionBudget(options?: BudgetOptions): Promise<ConnectionBudget>;

  /**
   * Finds what is wrong with the database, the worst first, and says how to mend each: objects that are missing or changed, privileges, settings
   * that do harm, who holds the mark back, what stopped or lags, bloat, what runs out. Changes nothing; takes some 100 ms, since it looks through
   * the catalogs of PostgreSQL. The same for every tenant's view. `tidemark doctor` does the same; docs/reference/doctor.md has a part on each code.
   *
   * @param options - How many processes there are, for the finding `connections-overbooked`.
   * @throws {@link InvalidArgumentError} — an option is invalid or unknown.
   * @throws {@link DatabaseError} — PostgreSQL refused to answer, for another reason than that something is missing.
   */
  doctor(options?: BudgetOptions): Promise<readonly DoctorFinding[]>;

  /**
   * Tells what the store holds: how many events and streams, by type, category, tenant and day; the largest streams; what tables and indexes take,
   * and how often indexes are used. The store itself tells of all tenants, a tenant's view of its own events. A log of up to about 100,000 events is
   * counted. Of a larger one some hundred blocks are sampled, and what comes of that is marked `estimated`: its cost does not grow with the log.
   * `tidemark stats` shows it, with a plot of the days.
   *
   * @throws {@link InvalidArgumentError}
   */
  stats(options?: StatsOptions): Promise<StoreStats>;

  /**
   * Looks at the store and its server, and tells how well they are: whether the process should go on (`live`), whether calls can be served
   * (`ready`), and a check for each thing that can go wrong, with its value, its limit and what to do. A mark that stands still while events
   * wait behind it is failing, whatever else moves. It costs a few statements, of which none grows with the log. It never rejects because of
   * the database: one that does not answer is a check that fails. May be called on a store that closes, or is closed.
   *
   * The store itself looks at the consumers, projections, processes and relays of all tenants, a tenant's view at its own. `tidemark health` does the same.
   *
   * @throws {@link InvalidArgumentError} — a limit is invalid or unknown.
   */
  health(limits?: HealthLimits): Promise<HealthReport>;

  /**
   * Returns what `unknownEvents: "skip"` has left out since this store was opened: the types and versions that the catalogue does not know,
   * with how often a reader met one, of all tenants and views. At most 10,000 of them. The first, the tenth, the hundredth … time of each
   * is a warning of the logger, too.
   */
  skippedTypes(): readonly SkippedType[];

  /**
   * Returns the paths of what the catalogue calls `personal` in an event, such as `"data.email"` or `"data.lines.*.note"`: of one that was read, or read
   * with `raw: true`. All of it, `"data"`, where the catalogue does not know the type or the version, or where the event has an older shape of what may
   * become personal. Undefined where the store has no catalogue, or its catalogue calls nothing personal.
   */
  personalPaths(event: Pick<RecordedEvent, "type" | "schemaVersion">): readonly string[] | undefined;

  /**
   * Reads the stored events with a catalogue, and reports what that cannot handle: unknown types and versions, steps that fail, data that the
   * schemas refuse, downcasts that fail, and examples of the catalogue that do not fit. Let the code to deploy check the database that it
   * will meet. Reads up to the high-water mark at the start, in pages, and changes nothing. `tidemark events check` does the same.
   *
   * @throws {@link InvalidArgumentError} — neither the options nor the store have a catalogue.
   */
  checkEvents(options?: CheckEventsOptions): Promise<CheckReport>;

  /**
   * Verifies that the store is whole: in each stream every version follows the one before it, also in the log; every event is in a stream of its
   * tenant; tags lead to the events that carry them, and to no others; the position sequence, checkpoints and snapshots fit the log; and a sample
   * of the documents of each projection that this store was opened with is what the log makes of it. Reads up to the high-water mark at the
   * start, 50,000 positions at a time, on the server: little crosses the network. Where events are chained (`integrity`), it names those that were changed. Changes nothing, holds no snapshot for long, and runs beside appends and
   * on a replica. `tidemark verify` does the same.
   *
   * @throws {@link InvalidArgumentError}
   */
  verify(options?: VerifyOptions): Promise<VerifyReport>;

  /** Returns the open appends that hold the high-water mark back now, including those in prepared transactions. */
  blockers(): Promise<readonly Blocker[]>;
}
