import type { StopOptions } from "../model/calls.ts";
import { checkOptions } from "../arguments/options.ts";
import { wholeNumber } from "../arguments/checks.ts";
import type { LifecyclePart } from "../async/lifecycle.ts";
import { keepProcess } from "../async/keep-process.ts";
import { untilSignal } from "../async/until-signal.ts";
import { keepCallers } from "../errors/caller-frames.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { StoreClosedError } from "../errors/opening.ts";
import { caughtUp, checkCaughtUp } from "./caught-up.ts";
import { type EventCounts, WorkerCounts } from "./event-counts.ts";
import type { Follower } from "./follower.ts";
import type { HeldShards } from "./held-shards.ts";
import { drainMs, type FollowerMetrics } from "./follower-metrics.ts";
import { holdShards } from "./hold-shards.ts";
import { registerFollower } from "./register-follower.ts";
import type { ShardRunner } from "./shard-runner.ts";
import type { WorkerContext, WorkerSettings } from "./worker-context.ts";
import type { CaughtUpOptions, Worker } from "./worker.ts";

const defaultStopMs = 10_000;
const stopShape = { timeoutMs: wholeNumber(0, 2_147_483_647) };

/** Runs followers: registers them, and holds a part of their shards until it stops. */
export class FollowerWorker implements Worker {
  readonly #context: WorkerContext;
  readonly #settings: WorkerSettings;
  readonly #followers: readonly Follower[];
  /** The workers of this store that run. */
  readonly #running: Set<FollowerWorker>;
  #starting: Promise<HeldShards<ShardRunner>> | undefined;
  /** What `#starting` has resolved to. */
  #held: HeldShards<ShardRunner> | undefined;
  #stopping: Promise<void> | undefined;
  #forceStop: (() => void) | undefined;
  #letGo = (): void => {};
  readonly #counts = new WorkerCounts();

  static {
    keepCallers(this);
  }

  constructor(context: WorkerContext, settings: WorkerSettings, followers: readonly Follower[], running: Set<FollowerWorker>) {
    this.#running = running;
    this.#context = context;
    this.#settings = settings;
    this.#followers = followers;
  }

  async start(): Promise<void> {
    await this.#stopping;
    this.#running.add(this);
    if (!this.#settings.background) this.#keepProcess();
    this.#starting ??= this.#start().catch((error: unknown) => {
      this.#over();
      throw error;
    });
    await this.#starting;
  }

  async #start(): Promise<HeldShards<ShardRunner>> {
    await this.#settings.onStart?.();
    try {
      for (const { prepare } of this.#followers) await prepare?.(this.#settings.tenant);
      for (const follower of this.#followers) await registerFollower(this.#context, this.#settings.tenant, follower);
      const held = holdShards(this.#context, this.#settings, this.#followers, this.#counts);
      await held.start();
      for (const service of this.#services) await service.start?.();
      this.#held = held;
      return held;
    } catch (error) {
      await this.#stopServices();
      await this.#stopped();
      throw error;
    }
  }

  get #services(): readonly LifecyclePart[] {
    return this.#settings.services ?? [];
  }

  async #stopServices(): Promise<void> {
    await Promise.all(this.#services.map(async (service) => await service.stop?.()));
  }

  /** Nothing is handled any more. What the user's hook throws must not keep a store from closing. */
  async #stopped(): Promise<void> {
    try {
      await this.#settings.onStop?.();
    } catch (error) {
      this.#context.logger.error("tidemark: onStop of a worker threw:", error);
    }
  }

  counts(): readonly EventCounts[] {
    return this.#followers.map((follower) => this.#counts.of(follower));
  }

  /** Of each follower, with its kind. @param handedOver - The names of followers whose work others go on with. */
  metrics(handedOver: ReadonlySet<string>): readonly { readonly kind: string; readonly metrics: FollowerMetrics }[] {
    return this.#followers.map((follower) => {
      const { position: mark, positionsPerSecond } = (follower.source?.log ?? this.#context.feed).markMetrics();
      const runners = [...(this.#held?.runners ?? [])].filter(({ shard, ending }) => shard.consumer === follower.name && !ending);
      const shards = runners.map((runner) => runner.metrics(mark, handedOver.has(follower.name))).sort((a, b) => a.shard - b.shard);
      const lag = { events: Math.max(0, ...shards.map(({ lag }) => lag.events)), ms: Math.max(0, ...shards.map(({ lag }) => lag.ms)) };
      const slowest = Math.min(...runners.map(({ checkpoint }) => checkpoint.perSecond));
      const { handled, retried, parked } = this.#counts.of(follower);
      const metrics = {
        name: follower.owner,
        version: follower.ownerVersion ?? null,
        tenant: this.#settings.tenant,
        shards,
        position: shards.length === 0 ? null : Math.min(...shards.map(({ position }) => position)),
        lag,
        drainMs: shards.length === 0 ? null : drainMs(lag.events, slowest, positionsPerSecond),
        ...this.#counts.paceOf(follower),
        handled,
        retried,
        parked,
      };
      return { kind: follower.kind.name, metrics };
    });
  }

  /** A follower was changed in this process: looks what. */
  async look(): Promise<void> {
    const held = await this.#starting?.catch(() => undefined);
    await held?.heartbeatNow();
  }

  async caughtUp(options?: CaughtUpOptions): Promise<void> {
    const checked = checkCaughtUp(options);
    if (!this.#starting) throw new InvalidArgumentError("worker", "was not started. Call worker.start() first.");
    const held = await this.#starting;
    await caughtUp(this.#context, this.#settings.tenant, this.#followers, checked, async () => {
      if (held.failed) {
        // A process that exits now leaves behind why.
        await held.heartbeatNow();
        throw held.failed;
      }
      if (held.stopped) throw new StoreClosedError();
    });
  }

  async stop(options?: StopOptions): Promise<void> {
    const { timeoutMs = defaultStopMs } = checkOptions(options, stopShape);
    // The caller waits for the end, also of a worker in the background, whose timers alone would not keep the process.
    this.#keepProcess();
    this.#stopping ??= this.#stop(timeoutMs).finally(() => this.#over());
    if (timeoutMs === 0) this.#forceStop?.();
    await this.#stopping;
  }

  /** Until it is over: its timers alone would not. */
  #keepProcess(): void {
    this.#letGo();
    this.#letGo = keepProcess();
  }

  #over(): void {
    this.#letGo();
    this.#stopping = undefined;
    this.#starting = undefined;
    this.#held = undefined;
    this.#running.delete(this);
  }

  async #stop(timeoutMs: number): Promise<void> {
    const held = await this.#starting?.catch(() => undefined);
    if (!held) return;
    this.#forceStop = () => held.abandonAll();
    await Promise.all([held.stop(timeoutMs), this.#stopServices()]);
    await this.#stopped();
    this.#forceStop = undefined;
  }

  async run(options?: StopOptions): Promise<void> {
    const checked = checkOptions(options, stopShape);
    const { first, unlisten } = untilSignal(() => void this.stop({ timeoutMs: 0 }));
    try {
      await this.start();
      await first;
      await this.stop(checked);
    } finally {
      unlisten();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
