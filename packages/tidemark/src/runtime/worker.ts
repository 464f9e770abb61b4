import { checkOptions } from "../arguments/options.ts";
import { wholeNumber } from "../arguments/checks.ts";
import { keepProcess } from "../async/keep-process.ts";
import { keepCallers } from "../errors/caller-frames.ts";
import { InvalidArgumentError, StoreClosedError } from "../errors/errors.ts";
import { registerProjections } from "../projections/register.ts";
import { caughtUp, checkCaughtUp } from "./caught-up.ts";
import type { CaughtUpOptions, Worker } from "../consumers/consumer.ts";
import { declareConsumer } from "../consumers/declare.ts";
import type { DefinedConsumer } from "../consumers/define-consumer.ts";
import type { WorkerParts, WorkerSettings } from "./parts.ts";
import type { ShardKeeper } from "./shard-keeper.ts";
import { keepShards } from "./keep-shards.ts";
import type { ShardRunner } from "./shard-runner.ts";
import { untilSignal } from "../async/until-signal.ts";

const defaultStopMs = 10_000;
const stopShape = { timeoutMs: wholeNumber(0, 2_147_483_647) };

/** Starts and stops a keeper of shards. */
export class ConsumerWorker implements Worker {
  readonly #parts: WorkerParts;
  readonly #settings: WorkerSettings;
  readonly #consumers: readonly DefinedConsumer[];
  /** The workers of this store that run. */
  readonly #running: Set<ConsumerWorker>;
  #starting: Promise<ShardKeeper<ShardRunner>> | undefined;
  #stopping: Promise<void> | undefined;
  #forceStop: (() => void) | undefined;
  #letGo = (): void => {};

  static {
    keepCallers(this);
  }

  constructor(parts: WorkerParts, settings: WorkerSettings, consumers: readonly DefinedConsumer[], running: Set<ConsumerWorker>) {
    this.#running = running;
    this.#parts = parts;
    this.#settings = settings;
    this.#consumers = consumers;
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

  async #start(): Promise<ShardKeeper<ShardRunner>> {
    const projections = this.#consumers.flatMap(({ settings }) => settings.projection ?? []);
    const { database, schema } = this.#parts;
    if (projections.length > 0) await registerProjections({ database, schema, createTransaction: this.#settings.createProjectionTransaction }, projections);
    for (const consumer of this.#consumers) await declareConsumer(this.#parts, this.#settings.tenant, consumer);
    const keeper = keepShards(this.#parts, this.#settings, this.#consumers);
    await keeper.start();
    return keeper;
  }

  /** Somebody changed a consumer in this process: looks what. */
  async look(): Promise<void> {
    const keeper = await this.#starting?.catch(() => undefined);
    await keeper?.heartbeatNow();
  }

  async caughtUp(options?: CaughtUpOptions): Promise<void> {
    const checked = checkCaughtUp(options);
    if (!this.#starting) throw new InvalidArgumentError("worker", "was not started. Call worker.start() first.");
    const keeper = await this.#starting;
    await caughtUp(this.#parts, this.#settings.tenant, this.#consumers, checked, async () => {
      if (keeper.failed) {
        // A process that exits now leaves behind why.
        await keeper.heartbeatNow();
        throw keeper.failed;
      }
      if (keeper.stopped) throw new StoreClosedError();
    });
  }

  async stop(options?: { readonly timeoutMs?: number }): Promise<void> {
    const { timeoutMs = defaultStopMs } = checkOptions(options, stopShape);
    // Whoever waits for its end, of one in the background too, waits for what ends it.
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
    this.#running.delete(this);
  }

  async #stop(timeoutMs: number): Promise<void> {
    const keeper = await this.#starting?.catch(() => undefined);
    if (!keeper) return;
    this.#forceStop = () => keeper.abandonAll();
    await keeper.stop(timeoutMs);
    this.#forceStop = undefined;
  }

  async run(options?: { readonly timeoutMs?: number }): Promise<void> {
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
