import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { FencedError, NotFoundError } from "../errors-following.ts";
import type { DefinedConsumer } from "./define-consumer.ts";
import { asTidemarkError } from "./failure.ts";
import { IdleProgress } from "./idle-progress.ts";
import { type HeartbeatAnswer, Leases } from "./leases.ts";
import type { WorkerParts, WorkerSettings } from "./parts.ts";
import { ShardRunner } from "./shard-runner.ts";
import { type ConsumerView, nextHeartbeatMs, shareOut } from "./shares.ts";

/** Requests for a heartbeat out of turn are answered by one, so often at most. */
const soonMs = 20;
const retryMs = 1_000;

/**
 * Keeps one worker's share of the shards: a heartbeat renews all leases in one statement, tells how each shard goes, and
 * says what to take, to give back, or to stop. One thing at a time.
 */
export class ShardKeeper {
  /** Unlike `host-pid`, never the name of a successor, who would pass for the owner. */
  readonly worker: string = `${hostname().slice(0, 60)}-${process.pid}-${randomUUID()}`;
  readonly #parts: WorkerParts;
  readonly #settings: WorkerSettings;
  readonly #consumers: ReadonlyMap<string, DefinedConsumer>;
  readonly #leases: Leases;
  readonly #idle: IdleProgress;
  readonly #runners = new Map<number, ShardRunner>();
  readonly #missing = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #beating: Promise<void> | undefined;
  #stopped = false;
  #failing = false;

  constructor(parts: WorkerParts, settings: WorkerSettings, consumers: readonly DefinedConsumer[]) {
    this.#parts = parts;
    this.#settings = settings;
    this.#consumers = new Map(consumers.map((consumer) => [consumer.name, consumer]));
    this.#leases = new Leases(parts.database.side(), parts.statements, { tenant: settings.tenant, worker: this.worker, leaseMs: settings.leaseMs });
    this.#idle = new IdleProgress(parts, settings.tenant, () => this.#runners.values());
  }

  /** The first heartbeat, which takes what is free. Rejects where the database cannot be reached. */
  async start(): Promise<void> {
    await this.#beat();
    this.#schedule(this.#nextMs);
  }

  #nextMs = 0;

  get failed(): Error | undefined {
    return [...this.#runners.values()].find(({ failed, ending }) => failed && !ending)?.failed;
  }

  /** Sends a heartbeat soon, out of turn: something changed. */
  heartbeatSoon(): void {
    this.#schedule(soonMs);
  }

  /** A heartbeat that begins now. Never rejects. */
  async heartbeatNow(): Promise<void> {
    await this.#beating;
    if (!this.#stopped) await (this.#beating ??= this.#beatInTurn());
  }

  #schedule(ms: number): void {
    const dueAt = performance.now() + ms;
    if (this.#stopped || dueAt >= this.#dueAt) return;
    clearTimeout(this.#timer);
    this.#dueAt = dueAt;
    this.#timer = setTimeout(() => this.#due(), ms);
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
    const sentAt = performance.now();
    const beats = [...this.#runners.values()].map(({ shard, status }) => ({ id: shard.id, fence: shard.fence, state: status.state, details: status.details }));
    const answer = await this.#leases.renew([...this.#consumers.keys()], beats);
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
      const { consumer, shard, fence } = runner.shard;
      const current = fences[id];
      const error = new FencedError({ consumer, shard, fence, current });
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
      if (performance.now() < until) await this.#take(consumer, id, view.paused);
    }
    const furthest = this.#held(view.name).sort((a, b) => b.shard.shard - a.shard.shard);
    for (const runner of furthest.slice(0, surplus)) void this.#giveBack(runner);
  }

  async #take(consumer: DefinedConsumer, id: number, paused: boolean): Promise<void> {
    // The last runner of this shard here, fenced off, is still ending.
    if (this.#runners.has(id)) return;
    const shard = await this.#leases.take(id);
    if (!shard) return;
    const runner = new ShardRunner(this.#parts, this.#settings, consumer, shard, {
      heartbeatSoon: () => this.heartbeatSoon(),
      idled: () => this.#idle.noted(consumer.name),
    });
    runner.paused = paused;
    this.#runners.set(id, runner);
    void this.#removeOnceDone(runner);
  }

  async #removeOnceDone(runner: ShardRunner): Promise<void> {
    await runner.done;
    if (!runner.retired) this.#remove(runner);
  }

  async #giveBack(runner: ShardRunner): Promise<void> {
    await runner.retire();
    await this.#idle.write();
    await this.#leases.release([runner.shard.id]).catch(() => {});
    this.#remove(runner);
  }

  #remove(runner: ShardRunner): void {
    this.#runners.delete(runner.shard.id);
    this.heartbeatSoon();
  }

  #held(consumer: string): ShardRunner[] {
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
    clearTimeout(this.#timer);
    const runners = [...this.#runners.values()];
    const ended = Promise.all(runners.map((runner) => runner.retire()));
    const timer = setTimeout(() => this.abandonAll(), timeoutMs);
    // Leases go on until the last handler has ended.
    const beat = setInterval(() => void (this.#beating ??= this.#beatInTurn()), this.#settings.leaseMs / 3);
    await ended;
    clearTimeout(timer);
    clearInterval(beat);
    await this.#beating;
    await this.#idle.write();
    this.#idle.end();
    await this.#leases.release("all").catch((error: unknown) => {
      this.#settings.onError(asTidemarkError(error));
    });
  }
}
