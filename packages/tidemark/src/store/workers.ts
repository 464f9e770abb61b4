import type { LifecyclePart } from "../async/lifecycle.ts";
import { safely } from "../async/safely.ts";
import type { EventCodec } from "../catalogue/event-codec.ts";
import type { Database } from "../database/database.ts";
import type { TidemarkError } from "../errors/tidemark-error.ts";
import type { NotFoundError } from "../errors/following.ts";
import type { Feed } from "../feed/feed.ts";
import type { FollowedLog } from "../feed/followed-log.ts";
import type { Logger } from "../model/logger.ts";
import { type DefinedProjection, followerOf } from "../projections/defined-projection.ts";
import { consumerFollower, consumerKind } from "../consumers/consumer-follower.ts";
import type { CreateTransaction } from "../consumers/context.ts";
import { followerNotFound } from "../consumers/not-found.ts";
import { type Consumers, StoreConsumers } from "../consumers/administration.ts";
import type { DeadLetters } from "../consumers/dead-letter.ts";
import { StoreDeadLetters } from "../consumers/dead-letters.ts";
import type { AdministrationScope } from "../runtime/administration-scope.ts";
import type { Follower } from "../runtime/follower.ts";
import { createWorkerContext, type WorkerContext, type WorkerSettings } from "../runtime/worker-context.ts";
import { type Processes, StoreProcesses } from "../processes/administration.ts";
import { processFollower, processKind, type ProcessStore } from "../processes/process-follower.ts";
import { projectionFollower, projectionKind } from "../projections/projection-follower.ts";
import type { CreateProjectionTransaction } from "../projections/projection.ts";
import { AutomaticSwaps } from "../projections/rebuild/automatic-swaps.ts";
import { type Projections, StoreProjections } from "../projections/administration.ts";
import { outboxFeed } from "../outbox/outbox-feed.ts";
import { type Relays, StoreRelays } from "../relays/administration.ts";
import type { DefinedRelay } from "../relays/defined-relay.ts";
import { relayFollower, relayKind } from "../relays/relay-follower.ts";
import { waitForCheckpoint } from "../runtime/wait-for-checkpoint.ts";
import { waitFor, type WaitOptions } from "../runtime/wait-for.ts";
import type { FollowerMetrics } from "../runtime/follower-metrics.ts";
import { FollowerWorker } from "../runtime/follower-worker.ts";
import type { Worker } from "../runtime/worker.ts";
import type { TimerParts } from "../timers/timer-parts.ts";
import { checkWorkerDefinition, defaultLeaseMs, type WorkerDefinition } from "./worker-definition.ts";
import type { TracedStore } from "../tracing/traced-store.ts";

interface WorkersOptions {
  readonly database: Database;
  readonly feed: Feed;
  readonly schema: string;
  readonly logger: Logger;
  readonly codec: EventCodec;
  readonly traced: TracedStore;
  readonly timers: TimerParts;
  /** Those that the store was opened with. */
  readonly projections: readonly DefinedProjection[];
}

/** The store inside a transaction, and the store itself. */
export interface Transactions extends ProcessStore {
  readonly createTransaction: CreateTransaction;
  readonly createProjectionTransaction: CreateProjectionTransaction;
}

/** The workers of one store in this process, and what they share. */
export class Workers implements LifecyclePart {
  readonly #context: WorkerContext;
  readonly #running = new Set<FollowerWorker>();

  readonly #timers: TimerParts;
  readonly #projections: readonly DefinedProjection[];
  /** Those, and the ones that workers got of their own. */
  readonly #known: Set<DefinedProjection>;
  readonly #relays = new Set<DefinedRelay>();
  readonly #outbox: FollowedLog;

  constructor({ database, feed, schema, logger, codec, traced, timers, projections }: WorkersOptions) {
    this.#timers = timers;
    this.#projections = projections;
    this.#known = new Set(projections);
    this.#outbox = outboxFeed(feed, database, schema);
    this.#context = createWorkerContext({ database, feed, schema, logger, codec, traced });
  }

  /** @param transactions - The tenant's store on a session, and any tenant's for a projection's handler. */
  create(definition: WorkerDefinition | undefined, tenant: string, transactions: Transactions): Worker {
    const { consumers, projections, processes, relays, timers, leaseMs, onError, onStart, onStop } = checkWorkerDefinition(definition, this.#projections);
    for (const projection of projections) this.#known.add(projection);
    for (const relay of relays) this.#relays.add(relay);
    const safe = tellingOf(onError, this.#context.logger);
    const swaps = new AutomaticSwaps(this.#context, transactions.createProjectionTransaction, safe);
    const followers = [
      ...consumers.map((consumer) => consumerFollower(this.#context, consumer, transactions.createTransaction)),
      ...projections.map((projection) => projectionFollower(this.#context, projection, transactions.createProjectionTransaction, { swaps })),
      ...processes.map((process) => processFollower({ ...this.#context, timers: this.#timers }, process, transactions)),
      ...relays.map((relay) => relayFollower({ ...this.#context, outbox: this.#outbox }, relay)),
    ];
    const stopped = async (): Promise<void> => {
      await swaps.stop();
      await Promise.all(relays.map(({ settings }) => settings.sink.close()));
      await onStop?.();
    };
    const services = timers ? [this.#timers.createService(tenant, safe)] : [];
    return this.#worker({ tenant, leaseMs, background: false, onError: safe, services, onStart, onStop: stopped }, followers);
  }

  /**
   * Starts what follows the store's inline projections wherever appends do not write them: new ones, and those that were left
   * behind. Returns what waits until appends write these of them, for some milliseconds at most.
   */
  async followInline(transactions: Transactions): Promise<(projections: readonly DefinedProjection[], ms: number) => Promise<void>> {
    const projections = this.#projections.filter(({ mode }) => mode === "inline");
    const tell = tellingOf(undefined, this.#context.logger);
    let failed = false;
    const onError: typeof tell = (...told) => {
      failed = true;
      tell(...told);
    };
    const swaps = new AutomaticSwaps(this.#context, transactions.createProjectionTransaction, onError);
    const followers = projections.map((projection) => {
      // The store that opens has registered them, all at once.
      const { prepare: _registers, ...follower } = projectionFollower(this.#context, projection, transactions.createProjectionTransaction, { swaps });
      return follower;
    });
    const tenant = "";
    await this.#worker({ tenant, leaseMs: defaultLeaseMs, background: true, onError, onStop: () => swaps.stop() }, followers).start();
    return async (awaited, ms) => {
      const until = performance.now() + ms;
      const goOn = (): number | false => {
        const left = until - performance.now();
        return !failed && left > 0 && left;
      };
      const names = awaited.map(followerOf);
      await Promise.all(names.map((name) => waitForCheckpoint(this.#context, { tenant, name, kind: projectionKind }, Number.MAX_SAFE_INTEGER, goOn)));
    };
  }

  #worker(settings: WorkerSettings, followers: readonly Follower[]): FollowerWorker {
    return new FollowerWorker(this.#context, settings, followers, this.#running);
  }

  #administration(tenant: string): AdministrationScope {
    return { context: this.#context, tenant, changed: () => this.look() };
  }

  consumers(tenant: string): Consumers {
    return new StoreConsumers(this.#administration(tenant));
  }

  projections(tenant: string, transactions: Transactions): Projections {
    return new StoreProjections({
      ...this.#administration(tenant),
      definitions: () => this.#known,
      createTransaction: transactions.createProjectionTransaction,
      createWorker: (projection) => this.create({ projections: [projection], timers: false }, tenant, transactions),
    });
  }

  processes(tenant: string): Processes {
    return new StoreProcesses(this.#administration(tenant), this.#timers);
  }

  relays(tenant: string, { store }: Transactions): Relays {
    return new StoreRelays({ ...this.#administration(tenant), definitions: () => this.#relays, store, outbox: this.#outbox });
  }

  deadLetters(tenant: string): DeadLetters {
    return new StoreDeadLetters(this.#administration(tenant));
  }

  waitFor(place: { readonly tenant: string; readonly name: string; readonly position: number }, options?: WaitOptions): Promise<void> {
    const notFound = (tenant: string, name: string): Promise<NotFoundError> => followerNotFound(this.#context, tenant, "consumer", name);
    return waitFor(this.#context, { kinds: [consumerKind, projectionKind, processKind, relayKind], notFound }, place, options);
  }

  /** Of what the workers of this process run, with its kind. @param writtenByAppends - The followers of such projections. */
  metrics(writtenByAppends: ReadonlySet<string>): readonly { readonly kind: string; readonly metrics: FollowerMetrics }[] {
    return [...this.#running].flatMap((worker) => worker.metrics(writtenByAppends));
  }

  /** Has the workers of this process look at once what changed. */
  async look(): Promise<void> {
    await Promise.all([...this.#running].map((worker) => worker.look()));
  }

  /** Stops all of them: they finish the event in hand. */
  async drain(timeoutMs?: number): Promise<void> {
    await Promise.all([...this.#running].map((worker) => worker.stop(timeoutMs === undefined ? {} : { timeoutMs })));
  }
}

function tellingOf(onError: ((error: TidemarkError) => void) | undefined, logger: Logger): (error: TidemarkError) => void {
  if (!onError) return (error) => logger.error(`tidemark: ${error.message}`);
  return safely(onError, (thrown) => logger.error("tidemark: onError of a worker threw:", thrown));
}
