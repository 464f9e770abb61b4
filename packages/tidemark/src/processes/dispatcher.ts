import { backoffMs } from "../async/retry.ts";
import { Signal } from "../async/signal.ts";
import type { Queryable } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import type { ShardAccess } from "../runtime/follower.ts";
import { asTidemarkError } from "../database/error-details.ts";
import type { DefinedProcess } from "./defined-process.ts";
import { isClosing } from "./issue-command.ts";
import { type LaneTools, runLane } from "./lane.ts";
import { type PendingCommand, pendingCommand } from "./pending-command.ts";
import type { ProcessStatements } from "./statements.ts";

const backoff = { firstMs: 100, mostMs: 5_000 };
/** Commands that one look at the table finds at most, and instances that are worked on or wait here for their turn. */
const mostFound = 500;
const longestWaitMs = 60_000;
/** While others are under way, what was issued is marked so often: after each command alone, its commit would cost as much as the command's. */
const markEveryMs = 10;

/** The commands of one instance that were loaded together. */
interface Lane {
  readonly commands: readonly PendingCommand[];
  /** Ids of those that were issued, and are not marked yet. */
  readonly done: number[];
  state: "waiting" | "running" | "over";
}

export interface DispatcherContext {
  readonly process: DefinedProcess;
  readonly statements: ProcessStatements;
  readonly database: Queryable;
  readonly shard: Pick<ShardAccess, "tenant" | "checkpoint" | "signal" | "mayGoOn" | "settled" | "tell">;
  readonly lane: LaneTools;
}

/**
 * Issues the commands of a process that are recorded, beside the shard's loop: side by side over instances, in order within one.
 *
 * The table is what it works from: what another worker left, what was just committed and what is to be tried again is found alike. One
 * look at the table comes after the other, and each after what was issued is marked, so nothing that was issued here is found again.
 */
export class Dispatcher {
  readonly #context: DispatcherContext;
  /** By the id of the instance. */
  readonly #lanes = new Map<number, Lane>();
  readonly #changed = new Signal();
  readonly #force = new AbortController();
  /** Whether there may be something in the table that is in no lane. */
  #more = true;
  /** Whether a command may be in the table whose time has not come. */
  #waiting = true;
  /** Whether no lane may begin now. */
  #held = true;
  #loop: Promise<void> | undefined;
  #failures = 0;
  #markedAt = Number.NEGATIVE_INFINITY;

  constructor(context: DispatcherContext) {
    this.#context = context;
  }

  /** Begins, unless it has. */
  start(): void {
    if (this.#loop) return;
    this.#context.shard.signal.addEventListener("abort", () => this.#changed.raise(), { once: true });
    this.#loop = this.#run();
  }

  /** Something may have been recorded. */
  look(): void {
    this.#more = true;
    this.#changed.raise();
  }

  /** Ends what is under way at once. */
  interrupt(reason: Error): void {
    this.#force.abort(reason);
    this.#changed.raise();
  }

  /** Resolves once nothing of it runs. */
  async ended(): Promise<void> {
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (await this.#mayGoOn()) {
      try {
        const markInMs = this.#markInMs();
        if (markInMs <= 0) await this.#mark();
        const waitMs = this.#wantsMore ? await this.#load() : undefined;
        this.#begin();
        if (markInMs > 0) await this.#changed.wait({ ms: markInMs });
        // A time has come, of which nothing tells.
        else if (!this.#wantsMore && !(await this.#changed.wait({ ms: waitMs ?? longestWaitMs }))) this.#more = true;
      } catch (error) {
        this.#failed(error);
      }
      if (this.#failures > 0 && !this.#ending) await this.#changed.wait({ ms: backoffMs(backoff, this.#failures) });
    }
    while (this.#count("running") > 0) await this.#changed.wait();
    // What cannot be marked any more is issued again, under the same ids.
    await this.#mark().catch(() => {});
  }

  /** Waits while the shard is paused or its lease unsure. No lane begins meanwhile. */
  async #mayGoOn(): Promise<boolean> {
    this.#held = true;
    const goOn = !this.#ending && (await this.#context.shard.mayGoOn());
    this.#held = !goOn;
    return goOn;
  }

  get #ending(): boolean {
    return this.#context.shard.signal.aborted;
  }

  /** Whether to look at the table now: not while there is enough to do. */
  get #wantsMore(): boolean {
    return this.#more && !this.#ending && this.#failures === 0 && this.#count("waiting") < this.#context.process.settings.concurrency;
  }

  #count(state: Lane["state"]): number {
    let count = 0;
    for (const lane of this.#lanes.values()) if (lane.state === state) count++;
    return count;
  }

  /** Milliseconds that marks can wait: while lanes go on, and nobody asks for what may stand behind those that are over. */
  #markInMs(): number {
    const lanes = [...this.#lanes.values()];
    if (this.#wantsMore || lanes.every(({ state }) => state === "over") || lanes.every(({ done, state }) => state !== "over" && done.length === 0)) return 0;
    return Math.ceil(this.#markedAt + markEveryMs - performance.now());
  }

  /** Marks what was issued, all in one statement, and forgets lanes that are over. */
  async #mark(): Promise<void> {
    const { database, statements, shard } = this.#context;
    this.#markedAt = performance.now();
    const over = [...this.#lanes].filter(([, { state }]) => state === "over");
    const marked = [...this.#lanes.values()].map(({ done }) => ({ done, count: done.length }));
    const ids = marked.flatMap(({ done }) => done);
    if (ids.length > 0) {
      // No other mark follows one after which nothing is left to issue here.
      await database.query(statements.done, [`{${ids.join(",")}}`, this.#ending || over.length === this.#lanes.size]);
      this.#failures = 0;
    }
    for (const { done, count } of marked) done.splice(0, count);
    for (const [id] of over) this.#lanes.delete(id);
    // While there are lanes, who waits for all commands need not look.
    if (ids.length > 0 && this.#lanes.size === 0) shard.settled();
    // Others may have been recorded behind them meanwhile, and were left out because of them.
    if (over.length > 0) this.#more = true;
  }

  /** Puts what is due into lanes. Returns how long until something else is. */
  async #load(): Promise<number | undefined> {
    const { database, statements, shard, process } = this.#context;
    const { of, shard: index } = shard.checkpoint.shard;
    const mine = [shard.tenant, process.name, process.version, of, index, `{${[...this.#lanes.keys()].join(",")}}`];
    this.#more = false;
    const rows = await database.query(statements.due, [...mine, mostFound]);
    if (rows.length >= mostFound) this.#more = true;
    const postponed: number[] = [];
    for (const [id, commands] of Map.groupBy(rows.map(pendingCommand), ({ instanceId }) => instanceId)) {
      const end = commands.findIndex(({ ready }) => !ready);
      if (end === 0) postponed.push(id);
      else this.#lanes.set(id, { commands: end === -1 ? commands : commands.slice(0, end), done: [], state: "waiting" });
    }
    // Behind one that waits, they would be found again and again.
    if (postponed.length > 0) await database.query(statements.postpone, [`{${postponed.join(",")}}`]);
    if (rows.length === 0) shard.settled();
    // Asked only where it can make a difference, or every batch of inputs would pay for it. The end of a lane is no substitute: its
    // commands may take long, and where all that was found was postponed no lane has begun.
    else if (!this.#waiting && postponed.length === 0) return undefined;
    const [next] = await database.query(statements.nextDue, mine);
    this.#waiting = next !== undefined;
    return next && Math.min(Math.max(toSafeInteger(next["in_ms"]), 1), longestWaitMs);
  }

  /** Has lanes run, as many as may at once. */
  #begin(): void {
    if (this.#held) return;
    let free = this.#context.process.settings.concurrency - this.#count("running");
    for (const lane of this.#lanes.values()) {
      if (free === 0) return;
      if (lane.state !== "waiting") continue;
      free--;
      lane.state = "running";
      void this.#runLane(lane);
    }
  }

  async #runLane(lane: Lane): Promise<void> {
    try {
      const all = await runLane(this.#context.lane, lane.commands, {
        onDone: (id) => void lane.done.push(id),
        mayGoOn: () => !this.#ending,
        signal: this.#force.signal,
      });
      if (!all) this.#waiting = true;
    } catch (error) {
      this.#failed(error);
    }
    lane.state = "over";
    // At once: the loop may be waiting for the database.
    this.#begin();
    this.#changed.raise();
  }

  /** Of failures in a row the first is told. */
  #failed(error: unknown): void {
    this.#more = true;
    if (++this.#failures === 1 && !this.#ending && !isClosing(error)) this.#context.shard.tell(asTidemarkError(error));
  }
}
