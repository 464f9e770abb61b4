import type { Clock } from "../async/clock.ts";
import { FencedError } from "../errors/following.ts";
import { asTidemarkError } from "../database/error-details.ts";
import type { Follower } from "./follower.ts";
import { followerGone } from "./follower-gone.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { IdleProgress } from "./idle-progress.ts";
import type { HeartbeatAnswer, Leases } from "./leases.ts";
import type { WorkerLiveness } from "./liveness.ts";
import type { HeldShard } from "./shard.ts";
import { allocate, type FollowerView, nextHeartbeatMs } from "./shard-allocation.ts";
import type { ShardHost } from "./shard-context.ts";
import type { ShardRunner } from "./shard-runner.ts";
import type { WorkerSettings } from "./worker-context.ts";

/** What is asked of the part that works on a shard. */
export type RunningShard = Pick<
  ShardRunner,
  "shard" | "failed" | "ending" | "retired" | "done" | "renewed" | "setPaused" | "request" | "retire" | "abandon"
> & {
  readonly status: Pick<ShardRunner["status"], "state" | "details">;
};

export interface HeldShardsTools<Runner extends RunningShard> {
  readonly clock: Clock;
  readonly leases: Pick<Leases, "renew" | "take" | "release">;
  readonly liveness: WorkerLiveness;
  readonly idle: Pick<IdleProgress, "noted" | "write" | "end">;
  /** Begins to work on a shard that was taken. */
  readonly createRunner: (follower: Follower, shard: HeldShard, host: ShardHost) => Runner;
}

/**
 * The shards that one worker holds: a heartbeat renews all leases in one statement, tells how each shard goes, and says what to
 * take, to give back, or to stop. One thing at a time.
 */
export class HeldShards<Runner extends RunningShard> {
  readonly #settings: Pick<WorkerSettings, "leaseMs" | "onError">;
  readonly #followers: ReadonlyMap<string, Follower>;
  readonly #tools: HeldShardsTools<Runner>;
  readonly #clock: Clock;
  readonly #heartbeat: Heartbeat;
  readonly #runners = new Map<number, Runner>();
  readonly #missing = new Set<string>();
  #stopped = false;

  constructor(settings: Pick<WorkerSettings, "leaseMs" | "onError">, followers: readonly Follower[], tools: HeldShardsTools<Runner>) {
    const { leaseMs, onError } = settings;
    this.#settings = settings;
    this.#followers = new Map(followers.map((follower) => [follower.name, follower]));
    this.#tools = tools;
    this.#clock = tools.clock;
    this.#heartbeat = new Heartbeat({ clock: tools.clock, leaseMs, onError, send: () => this.#beat() });
  }

  /** Those that work on a shard, or end their work on it. */
  get runners(): Iterable<Runner> {
    return this.#runners.values();
  }

  get failed(): Error | undefined {
    return [...this.#runners.values()].find(({ failed, ending }) => failed && !ending)?.failed;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** The first heartbeat, which takes what is free. Rejects where the database cannot be reached, and then has given back what it took. */
  async start(): Promise<void> {
    try {
      await this.#heartbeat.start();
    } catch (error) {
      await this.#giveUp();
      throw error;
    }
  }

  /** The caller of a failed start() cannot stop what it began. Leases that cannot be given back end by themselves. */
  async #giveUp(): Promise<void> {
    this.#stopped = true;
    this.#heartbeat.stop();
    this.abandonAll();
    await Promise.all([...this.#runners.values()].map((runner) => runner.done));
    this.#tools.idle.end();
    await this.#tools.leases.release("all").catch(() => {});
    this.#tools.liveness.leave();
  }

  /** Sends a heartbeat soon: something changed. */
  heartbeatSoon(): void {
    this.#heartbeat.soon();
  }

  /** Sends a heartbeat that begins now. Never rejects. */
  heartbeatNow(): Promise<void> {
    return this.#heartbeat.now();
  }

  /** Ends handlers that still run: their events come again. */
  abandonAll(): void {
    for (const runner of this.#runners.values()) void runner.abandon(new Error("The worker stops and waits no longer."));
  }

  /** Ends everything: gracefully until `timeoutMs` is over, then at once. */
  async stop(timeoutMs: number): Promise<void> {
    this.#stopped = true;
    this.#heartbeat.stop();
    const ended = Promise.all([...this.#runners.values()].map((runner) => runner.retire()));
    const callOff = this.#clock.after(timeoutMs, () => this.abandonAll());
    // Leases go on until the last handler has ended.
    await this.#heartbeat.lastWhile(ended.finally(callOff));
    await this.#tools.idle.write();
    this.#tools.idle.end();
    await this.#tools.leases.release("all").catch((error: unknown) => {
      this.#settings.onError(asTidemarkError(error));
    });
    this.#tools.liveness.leave();
  }

  /** Returns when the next heartbeat is due. */
  async #beat(): Promise<number> {
    const { leaseMs } = this.#settings;
    const sentAt = this.#clock.now();
    const beats = [...this.#runners.values()].map(({ shard, status }) => ({ id: shard.id, fence: shard.fence, state: status.state, details: status.details }));
    const answer = await this.#tools.leases.renew([...this.#followers.keys()], beats, this.#tools.liveness.lock);
    this.#tools.liveness.watch(answer.livenessLocks);
    this.#settle(
      beats.map(({ id }) => id),
      answer,
      sentAt + leaseMs,
    );
    if (this.#stopped) return leaseMs;
    for (const view of answer.consumers) await this.#allocate(view, sentAt + leaseMs / 3);
    this.#reportMissing(answer.consumers);
    return nextHeartbeatMs(leaseMs, answer.consumers, (name) => this.#held(name).length);
  }

  /** Lost is what was not renewed; another worker may be at work there. */
  #settle(asked: readonly number[], { renewed, fences }: HeartbeatAnswer, validUntil: number): void {
    const goingOn = new Set(renewed);
    for (const id of asked) {
      const runner = this.#runners.get(id);
      if (!runner) continue;
      if (goingOn.has(id)) {
        runner.renewed(validUntil);
        continue;
      }
      const { owner, shard, fence } = runner.shard;
      const current = fences[id];
      const error = new FencedError({ consumer: owner, shard, fence, current });
      // Where no other worker took it over, the lease only ran out: this worker may take it again.
      if (current !== undefined && current !== fence && !runner.ending) this.#settings.onError(error);
      void runner.abandon(error);
    }
  }

  /** @param until - To take over from a dead worker can take a moment; the leases that are held must go on meanwhile. */
  async #allocate(view: FollowerView, until: number): Promise<void> {
    const follower = this.#followers.get(view.name);
    if (!follower) return;
    for (const runner of this.#held(view.name)) {
      runner.setPaused(view.paused);
      if (view.retryRequested) runner.request();
    }
    const { take, surplus } = allocate(view, this.#held(view.name).length);
    for (const id of take) {
      if (this.#clock.now() < until && !this.#stopped) await this.#take(follower, id, view.paused);
    }
    const furthest = this.#held(view.name).sort((a, b) => b.shard.shard - a.shard.shard);
    for (const runner of furthest.slice(0, surplus)) void this.#giveBack(runner);
  }

  async #take(follower: Follower, id: number, paused: boolean): Promise<void> {
    // The last runner of this shard here, fenced off, is still ending.
    if (this.#runners.has(id)) return;
    const shard = await this.#tools.leases.take(id);
    // While the worker stops, nothing would end its work; stop() gives back what was taken.
    if (!shard || this.#stopped) return;
    const runner = this.#tools.createRunner(follower, shard, {
      heartbeatSoon: () => this.#heartbeat.soon(),
      heartbeatNow: () => this.#heartbeat.now(),
      idled: () => this.#tools.idle.noted(follower.name),
    });
    runner.setPaused(paused);
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
    this.#heartbeat.soon();
  }

  #held(name: string): Runner[] {
    return [...this.#runners.values()].filter((runner) => runner.shard.consumer === name && !runner.ending);
  }

  #reportMissing(views: readonly FollowerView[]): void {
    const found = new Set(views.map(({ name }) => name));
    for (const [name, follower] of this.#followers) {
      if (found.has(name) || this.#missing.has(name)) continue;
      this.#missing.add(name);
      this.#settings.onError(followerGone(follower));
    }
  }
}
