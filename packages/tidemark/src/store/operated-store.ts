import { personalPaths, type PersonalQuestion } from "../catalogue/personal.ts";
import type { SkippedType } from "../catalogue/skipped-events.ts";
import { keepCallers } from "../errors/caller-frames.ts";
import type { Event } from "../model/event.ts";
import type { Blocker } from "../feed/blockers.ts";
import { type ReaderWriterParts, StoreReaderWriter, type StoreContext } from "./store-reader-writer.ts";
import type { Projections } from "../projections/administration.ts";
import type { StoreOperations } from "./store-operations.ts";
import { type FollowerState, followerStates } from "../operations/follower-states.ts";
import { type BudgetOptions, checkBudgetOptions, type ConnectionBudget, connectionBudget } from "../operations/connection-budget.ts";
import { doctor } from "../operations/doctor/doctor.ts";
import type { DoctorFinding } from "../operations/doctor/finding.ts";
import { stats } from "../operations/stats/stats.ts";
import { checkStatsOptions, type StatsOptions } from "../operations/stats/stats-options.ts";
import type { StoreStats } from "../operations/stats/store-stats.ts";
import { health } from "../operations/health/health.ts";
import { checkHealthLimits, type HealthLimits } from "../operations/health/health-limits.ts";
import type { HealthReport } from "../operations/health/health-report.ts";
import { storeMetrics, type StoreMetrics } from "../operations/metrics/store-metrics.ts";
import { verify, type VerifyReport } from "../operations/verify/verify.ts";
import { checkVerifyOptions, type VerifyOptions } from "../operations/verify/verify-options.ts";
import { checkEvents, type CheckReport } from "../transfer/check-events.ts";
import { checkDefined, checkEventsOptions, type CheckEventsOptions } from "../transfer/check-options.ts";

/** The part of a store that those ask who operate it: each method is the call of a room. */
export abstract class OperatedStore<Events extends Event, Input extends Event = Events> extends StoreReaderWriter<Events, Input> implements StoreOperations {
  readonly #context: StoreContext;
  readonly #tenant: string;

  static {
    keepCallers(this);
  }

  constructor(parts: ReaderWriterParts, context: StoreContext, tenant: string) {
    super(parts);
    this.#context = context;
    this.#tenant = tenant;
  }

  /** What `verify` asks for documents. */
  abstract readonly projections: Projections;

  metrics(): StoreMetrics {
    const { openedAt, database, group, gate, readStatements, feed, workers, skipped } = this.#context;
    return storeMetrics({
      openedAt,
      pool: database.metrics(),
      appends: group.metrics(),
      reads: readStatements.counters.metrics(),
      feed: feed.metrics(),
      followers: workers.metrics(gate.written),
      skipped: skipped.list(),
    });
  }

  async connectionBudget(budget?: BudgetOptions): Promise<ConnectionBudget> {
    return await connectionBudget(this.#context.database, checkBudgetOptions(budget));
  }

  async doctor(budget?: BudgetOptions): Promise<readonly DoctorFinding[]> {
    const { database, feed, options } = this.#context;
    return await doctor({ database, schema: options.schema, feed, durability: options.durability, budget: checkBudgetOptions(budget) });
  }

  async stats(options?: StatsOptions): Promise<StoreStats> {
    const { database, options: opened } = this.#context;
    return await stats({ database, schema: opened.schema, tenant: this.#tenant === "" ? undefined : this.#tenant, ...checkStatsOptions(options) });
  }

  async followers(): Promise<readonly FollowerState[]> {
    const { database, feed, options } = this.#context;
    return await followerStates(database, options.schema, await feed.highWaterMark(), this.#tenant === "" ? undefined : this.#tenant);
  }

  async health(limits?: HealthLimits): Promise<HealthReport> {
    const { database, feed, phase, options } = this.#context;
    const tenant = this.#tenant === "" ? undefined : this.#tenant;
    return await health({ database, schema: options.schema, feed, durability: options.durability, phase: phase(), tenant }, checkHealthLimits(limits));
  }

  skippedTypes(): readonly SkippedType[] {
    return this.#context.skipped.list();
  }

  personalPaths(event: PersonalQuestion): readonly string[] | undefined {
    const { events } = this.#context.options;
    return events === undefined ? undefined : personalPaths(checkDefined(events), event);
  }

  async checkEvents(options?: CheckEventsOptions): Promise<CheckReport> {
    const { database, options: opened } = this.#context;
    const { events = opened.events, sample, validate, tenants, signal, onProgress } = checkEventsOptions(options);
    const all = (tenants ?? (this.#tenant === "" ? "all" : "own")) === "all";
    return await checkEvents(database, opened.schema, checkDefined(events), {
      sample,
      validates: validate ?? true,
      tenant: all ? undefined : this.#tenant,
      signal: signal ?? new AbortController().signal,
      progress: onProgress ?? ((): void => {}),
    });
  }

  async verify(options?: VerifyOptions): Promise<VerifyReport> {
    const { database, feed, options: opened, projections: definitions } = this.#context;
    const checked = checkVerifyOptions(options);
    const all = (checked.tenants ?? (this.#tenant === "" ? "all" : "own")) === "all";
    return await verify({ database, schema: opened.schema, feed, projections: this.projections, definitions }, checked, all ? undefined : this.#tenant);
  }

  blockers(): Promise<readonly Blocker[]> {
    return this.#context.feed.blockers();
  }
}
