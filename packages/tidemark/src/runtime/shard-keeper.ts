import { FencedError, NotFoundError } from "../errors/following.ts";
import type { Clock } from "../async/clock.ts";
import type { DefinedConsumer } from "../consumers/define-consumer.ts";
import { asTidemarkError } from "./failure.ts";
import type { IdleProgress } from "./idle-progress.ts";
import type { HeartbeatAnswer, Leases } from "./leases.ts";
import type { WorkerSettings } from "./parts.ts";
import type { HeldShard } from "./shard.ts";
import type { RunnerHost, ShardRunner } from "./shard-runner.ts";
import { type ConsumerView, nextHeartbeatMs, shareOut } from "./shard-allocation.ts";

/** Requests for a heartbeat out of turn are answered by one, so often at most. */
const soonMs = 20;
const retryMs = 1_000;

/** What the keeper asks of whoever works on a shard. */
export type KeptRunner = Pick<
  ShardRunner,
  "shard" | "failed" | "ending" | "retired" | "paused" | "done" | "renewed" | "retryLetters" | "retire" | "abandon"
> & {
  readonly status: Pick<ShardRunner["status"], "state" | "details">;
};

/** What a keeper works with. */
export interface KeeperTools<Runner extends KeptRunner> {
  readonly clock: Clock;
  readonly leases: Pick<Leases, "renew" | "take" | "release">;
  readonly idle: Pick<IdleProgress, "noted" | "write" | "end">;
  /** Begins to work on a shard that was taken. */
  readonly createRunner: (consumer: DefinedConsumer, shard: HeldShard, host: RunnerHost) => Runner;
}

/**
 * Keeps one worker's share of the shards: a heartbeat renews all leases in one statement, tells how each shard goes, and
 * says what to take, to give back, or to stop. One thing at a time.
 */
export class ShardKeeper<Runner extends KeptRunner> {
  readonly #settings: Pick<WorkerSettings, "leaseMs" | "onError">;
  readonly #consumers: ReadonlyMap<string, DefinedConsumer>;
  readonly #tools: KeeperTools<Runner>;
  readonly #clock: Clock;
  readonly #runners = new Map<number, Runner>();
  readonly #missing = new Set<string>();
  #unschedule = (): void => undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #beating: Promise<void> | undefined;
  #stopped = false;
  #failing = false;
  /** Something changed since the last heartbeat. */
  #untold = false;

  constructor(settings: Pick<WorkerSettings, "leaseMs" | "onError">, consumers: readonly DefinedConsumer[], tools: KeeperTools<Runner>) {
    this.#settings = settings;
    this.#consumers = new Map(consumers.map((consumer) => [consumer.name, consumer]));
    this.#tools = tools;
    this.#clock = tools.clock;
  }

  /** Those that work on a shard, or end their work on it. */
  get runners(): Iterable<Runner> {
    return this.#runners.values();
  }

  /** The first heartbeat, which takes what is free. Rejects where the database cannot be reached, and then has given back what it took. */
  async start(): Promise<void> {
    const first = this.#beat();
    this.#beating = first.catch(() => {}).finally(() => (this.#beating = undefined));
    try {
      await first;
    } catch (error) {
      await this.#giveUp();
      throw error;
    }
    this.#schedule(this.#nextMs);
  }

  /** Whoever called start() has no hold of what it began. Leases that cannot be given back end by themselves. */
  async #giveUp(): Promise<void> {
    this.#stopped = true;
    this.#unschedule();
    this.abandonAll();
    await Promise.all([...this.#runners.values()].map((runner) => runner.done));
    this.#tools.idle.end();
    await this.#tools.leases.release("all").catch(() => {});
  }

  #nextMs = 0;

  get failed(): Error | undefined {
    return [...this.#runners.values()].find(({ failed, ending }) => failed && !ending)?.failed;
  }

  /** Sends a heartbeat soon, out of turn: something changed. */
  heartbeatSoon(): void {
    this.#untold = true;
    this.#schedule(soonMs);
  }

  /** A heartbeat that begins now. Never rejects. */
  async heartbeatNow(): Promise<void> {
    await this.#beating;
    if (!this.#stopped) await (this.#beating ??= this.#beatInTurn());
  }

  #schedule(ms: number): void {
    const dueAt = this.#clock.now() + ms;
    if (this.#stopped || dueAt >= this.#dueAt) return;
    this.#unschedule();
    this.#dueAt = dueAt;
    this.#unschedule = this.#clock.after(ms, () => this.#due());
  }

  #due(): void {
    this.#dueAt = Number.POSITIVE_INFINITY;
    if (this.#beating) return this.heartbeatSoon();
    this.#beating = this.#beatInTurn();
  }

  /** Never rejects. */
  async #beatInTurn(): Promise<void> {
    try {
      await this.#beat();
      this.#failing = false;
      this.#schedule(this.#nextMs);
    } catch (error) {
      if (!this.#failing && !this.#stopped) this.#settings.onError(asTidemarkError(error));
      this.#failing = true;
      this.#schedule(Math.min(retryMs, this.#settings.leaseMs / 10));
    } finally {
      this.#beating = undefined;
    }
  }

  async #beat(): Promise<void> {
    this.#untold = false;
    const sentAt = this.#clock.now();
    const beats = [...this.#runners.values()].map(({ shard, status }) => ({ id: shard.id, fence: shard.fence, state: status.state, details: status.details }));
    const answer = await this.#tools.leases.renew([...this.#consumers.keys()], beats);
    this.#settle(
      beats.map(({ id }) => id),
      answer,
      sentAt + this.#settings.leaseMs,
    );
    if (this.#stopped) return;
    for (const view of answer.consumers) await this.#share(view, sentAt + this.#settings.leaseMs / 3);
    this.#tellMissing(answer.consumers);
    this.#nextMs = nextHeartbeatMs(this.#settings.leaseMs, answer.consumers, (name) => this.#held(name).length);
  }

  /** Lost is what was not renewed; somebody else may be at work there. */
  #settle(asked: readonly number[], { renewed, fences }: HeartbeatAnswer, validUntil: number): void {
    const kept = new Set(renewed);
    for (const id of asked) {
      const runner = this.#runners.get(id);
      if (!runner) continue;
      if (kept.has(id)) {
        runner.renewed(validUntil);
        continue;
      }
      const { owner, shard, fence } = runner.shard;
      const current = fences[id];
      const error = new FencedError({ consumer: owner, shard, fence, current });
      // Where nobody took it over, the lease only ran out: this worker may take it again.
      if (current !== undefined && current !== fence && !runner.ending) this.#settings.onError(error);
      void runner.abandon(error);
    }
  }

  /** @param until - To take over from a dead worker can take a moment; the leases that are held must go on meanwhile. */
  async #share(view: ConsumerView, until: number): Promise<void> {
    const consumer = this.#consumers.get(view.name);
    if (!consumer) return;
    for (const runner of this.#held(view.name)) {
      runner.paused = view.paused;
      if (view.retries) runner.retryLetters();
    }
    const { take, surplus } = shareOut(view, this.#held(view.name).length);
    for (const id of take) {
      if (this.#clock.now() < until && !this.#stopped) await this.#take(consumer, id, view.paused);
    }
    const furthest = this.#held(view.name).sort((a, b) => b.shard.shard - a.shard.shard);
    for (const runner of furthest.slice(0, surplus)) void this.#giveBack(runner);
  }

  async #take(consumer: DefinedConsumer, id: number, paused: boolean): Promise<void> {
    // The last runner of this shard here, fenced off, is still ending.
    if (this.#runners.has(id)) return;
    const shard = await this.#tools.leases.take(id);
    // While the worker stops nobody would end its work; stop() gives back what was taken.
    if (!shard || this.#stopped) return;
    const runner = this.#tools.createRunner(consumer, shard, {
      heartbeatSoon: () => this.heartbeatSoon(),
      heartbeatNow: () => this.heartbeatNow(),
      idled: () => this.#tools.idle.noted(consumer.name),
    });
    runner.paused = paused;
    this.#runners.set(id, runner);
    void this.#removeOnceDone(runner);
  }

  async #removeOnceDone(runner: Runner): Promise<void> {
    await runner.done;
    if (!runner.retired) this.#remove(runner);
  }

  async #giveBack(runner: Runner): Promise<void> {
    await runner.retire();
    await this.#tools.idle.write();
    await this.#tools.leases.release([runner.shard.id]).catch(() => {});
    this.#remove(runner);
  }

  #remove(runner: Runner): void {
    this.#runners.delete(runner.shard.id);
    this.heartbeatSoon();
  }

  #held(consumer: string): Runner[] {
    return [...this.#runners.values()].filter((runner) => runner.shard.consumer === consumer && !runner.ending);
  }

  #tellMissing(views: readonly ConsumerView[]): void {
    const found = new Set(views.map(({ name }) => name));
    for (const name of this.#consumers.keys()) {
      if (found.has(name) || this.#missing.has(name)) continue;
      this.#missing.add(name);
      this.#settings.onError(
        new NotFoundError("consumer", name, "It was renamed or removed while this worker ran: start the worker again with the name that it has now."),
      );
    }
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Ends handlers that still run: their events come again. */
  abandonAll(): void {
    for (const runner of this.#runners.values()) void runner.abandon(new Error("The worker stops and waits no longer."));
  }

  /** Ends everything: gracefully until `timeoutMs` is over, then at once. */
  async stop(timeoutMs: number): Promise<void> {
    this.#stopped = true;
    this.#unschedule();
    const runners = [...this.#runners.values()];
    const ended = Promise.all(runners.map((runner) => runner.retire()));
    const callOff = this.#clock.after(timeoutMs, () => this.abandonAll());
    // Leases go on until the last handler has ended.
    const endBeats = this.#clock.every(this.#settings.leaseMs / 3, () => void (this.#beating ??= this.#beatInTurn()));
    await ended;
    callOff();
    endBeats();
    await this.#beating;
    // Why a shard stood still, or what it tried again, is told by heartbeats alone.
    if (this.#untold) await this.#beatInTurn();
    await this.#tools.idle.write();
    this.#tools.idle.end();
    await this.#tools.leases.release("all").catch((error: unknown) => {
      this.#settings.onError(asTidemarkError(error));
    });
  }
}
