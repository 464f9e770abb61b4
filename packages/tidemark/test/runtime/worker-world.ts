import type { Follower, FollowerKind } from "../../src/runtime/follower.ts";
import { HeldShards, type RunningShard } from "../../src/runtime/held-shards.ts";
import { Leases } from "../../src/runtime/leases.ts";
import type { HeldShard } from "../../src/runtime/shard.ts";
import { type Fate, ModelLeases } from "./model-leases.ts";
import { type Life, VirtualTime } from "./virtual-time.ts";

export const shards = { mailer: 5, report: 1, search: 3 };
const kind: FollowerKind = { name: "model", stops: "shard", resume: "nothing", findSql: () => "" };
const followers = Object.entries(shards).map(([name, count]): Follower => ({
  name,
  kind,
  owner: name,
  filter: undefined,
  startAfter: 0,
  tenants: "own",
  shards: count,
  batchSize: 1,
  timeoutMs: 1,
  retry: { attempts: 1, minDelayMs: 0, maxDelayMs: 0, factor: 1, jitter: false },
  inBatches: false,
  handle: () => undefined,
  filterChanged: "",
}));
const statement = (name: string) => ({ name, text: "" });
const statements = { renew: statement("renew"), take: statement("take"), release: statement("release") };

/** Stands for the work on a shard: it ends a while after it was asked to, as a handler does. */
class ModelRunner implements RunningShard {
  /** Which worker's. */
  readonly owner: string;
  readonly shard: HeldShard;
  readonly status = { state: "live" as const, details: undefined };
  readonly failed = undefined;
  readonly done: Promise<void>;
  retired = false;
  ending = false;
  over = false;
  validUntil: number;
  readonly #end = Promise.withResolvers<void>();

  constructor(owner: string, shard: HeldShard, endsAfter: () => Promise<void>) {
    this.owner = owner;
    this.shard = shard;
    this.validUntil = shard.validUntil;
    this.done = this.#end.promise.then(endsAfter).then(() => void (this.over = true));
  }

  renewed(validUntil: number): void {
    this.validUntil = validUntil;
  }

  request(): void {}

  setPaused(): void {}

  retire(): Promise<void> {
    this.retired = true;
    return this.abandon();
  }

  abandon(): Promise<void> {
    this.ending = true;
    this.#end.resolve();
    return this.done;
  }
}

export interface Worker {
  readonly life: Life;
  /** The one that started, as the worker's caller sees it. */
  held: HeldShards<ModelRunner> | undefined;
  /** The name that its leases carry. */
  name: string;
  readonly runners: ModelRunner[];
  readonly started: Promise<void>;
  stopped: Promise<void> | undefined;
  mostInFlight: number;
}

/** When all is well. */
export const quick: Fate = { sendMs: 1, answerMs: 1, lost: "never" };
const leaseMs = 3_000;

/** Workers of one store, with a network and handlers as slow and as lossy as a test wants. */
export class World {
  readonly time = new VirtualTime();
  readonly workers: Worker[] = [];
  /** What broke a rule that holds at every moment. */
  readonly wrong = new Set<string>();
  readonly model: ModelLeases;
  readonly #handlerMs: number;
  /** Network and database are as they should be. */
  healed = false;

  constructor(fateOf: (statement: string) => Fate | undefined, handlerMs: number) {
    this.model = new ModelLeases(this.time, shards, (name) => (this.healed ? undefined : fateOf(name)) ?? quick);
    this.#handlerMs = handlerMs;
  }

  start(): void {
    const life = this.time.live();
    const number = this.workers.length;
    const runners: ModelRunner[] = [];
    const queryable = this.model.connect(life, (count) => void (worker.mostInFlight = Math.max(worker.mostInFlight, count)));
    const holdShards = (name: string): HeldShards<ModelRunner> =>
      new HeldShards<ModelRunner>({ leaseMs, onError: () => undefined }, followers, {
        clock: life.clock,
        leases: new Leases(queryable, statements, { tenant: "", worker: name, leaseMs }, life.clock),
        liveness: { lock: undefined, watch: () => undefined, leave: () => undefined },
        idle: { noted: () => undefined, write: () => Promise.resolve(), end: () => undefined },
        createRunner: (_follower, shard) => {
          const runner = new ModelRunner(name, shard, () => this.time.wait(life, this.#handlerMs));
          runners.push(runner);
          return runner;
        },
      });
    // As the worker's caller does while the database is away.
    const begin = async (): Promise<void> => {
      for (let attempt = 1; worker.stopped === undefined; attempt++) {
        worker.name = `worker-${number}.${attempt}`;
        const held = holdShards(worker.name);
        worker.held = await held.start().then(
          () => held,
          () => undefined,
        );
        if (worker.held) return;
        await this.time.wait(life, 200);
      }
    };
    const worker: Worker = {
      life,
      held: undefined,
      name: "",
      runners,
      started: Promise.resolve().then(begin),
      stopped: undefined,
      mostInFlight: 0,
    };
    this.workers.push(worker);
  }

  stop(worker: Worker): void {
    worker.stopped ??= worker.started.then(() => worker.held?.stop(5_000));
  }

  /** Nobody works on a shard that is not, or no longer, its own. */
  #look(): void {
    for (const { life, runners, mostInFlight } of this.workers) {
      if (!life.alive) continue;
      if (mostInFlight > 1) this.wrong.add("Two heartbeats or takeovers were in flight at once.");
      for (const { owner, shard, ending, validUntil } of runners) {
        if (ending || this.time.now >= validUntil) continue;
        const lease = this.model.leases.find(({ id }) => id === shard.id);
        if (lease?.owner !== owner || lease.fence !== shard.fence) this.wrong.add(`${owner} works on shard ${shard.id}, which is ${lease?.owner}'s.`);
        else if (validUntil > lease.end) this.wrong.add(`${owner} thinks that shard ${shard.id} is its own for longer than it is.`);
      }
    }
  }

  run(ms: number): Promise<void> {
    return this.time.run(this.time.now + ms, () => this.#look());
  }
}
