import { AsyncLocalStorage } from "node:async_hooks";
import type { LifecyclePart } from "../async/lifecycle.ts";
import type { Database } from "../database/database.ts";
import { DatabaseError } from "../errors/database.ts";
import { QueueFullError } from "../errors/appending.ts";
import { StoreClosedError } from "../errors/opening.ts";
import type { AppendMetrics } from "./append-counters.ts";
import type { EncodedAppend } from "./encoded.ts";
import { hasCulprit, isBlocked, isRepeatedId } from "./failure.ts";
import type { Gate } from "./gate.ts";
import { mostTags, PendingAppend } from "./pending-append.ts";
import { AppendQueue } from "./queue.ts";
import { Sender, type SenderSettings, type SettledOutcome } from "./sender.ts";
import type { AppendStatements } from "./statements.ts";
import type { AppendResult } from "./types.ts";

export interface GroupAppendSettings extends SenderSettings {
  readonly queuedAppends: number;
  /** How long an append waits for a stream that another transaction holds. 0: for ever. */
  readonly queryTimeoutMs: number;
  /** Called after each commit that wrote something, before its callers go on. Must not throw. */
  readonly onWritten: () => void;
}

/** More in one statement gain nothing, and a batch is the unit that fails together. */
const batchLimits = { appends: 500, events: 10_000, bytes: 16 * 1024 * 1024, tags: mostTags };
/** So often an append whose claim another transaction holds only tries; then it waits. */
const tries = 3;
/** Events. Below, what each batch costs whatever it holds outweighs what a second backend saves. */
const worthSharing = 256;
/** Of appends that run in a subtransaction each. See `append_separately.sql`. */
const carefulLimit = 64;

/**
 * Group append: while batches are in flight, new calls queue; when one returns, the queue goes out as the next. No timer,
 * so that one caller alone waits for nothing. Each call gets its own verdict.
 *
 *   call → queue → batch ──────────────→ settled
 *                    │ refused whole        ↑
 *                    ├→ separately, each ────┤
 *                    │    │ blocked         │
 *                    │    └→ waits alone ───┤
 *                    │ kept from a claim    │
 *                    └→ queue again; the third time waits alone
 *
 * Two batches in flight keep the server busy while this process encodes and decodes; three gained nothing. Appends that wait
 * for a locked stream have connections of their own, so that they hold up no other append.
 */
export class GroupAppend implements LifecyclePart {
  readonly #database: Database;
  readonly #sender: Sender;
  readonly #settings: GroupAppendSettings;
  readonly #queue = new AppendQueue<PendingAppend>();
  readonly #maxBatches: number;
  readonly #maxWaiters: number;
  /** Appends whose stream another transaction holds, and that no connection waits for yet. */
  #blocked: PendingAppend[] = [];
  #batches = 0;
  #waiters = 0;
  #scheduled = false;
  #closed = false;
  readonly #stop = new AbortController();
  readonly #outside = AsyncLocalStorage.snapshot();
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(database: Database, statements: AppendStatements, settings: GroupAppendSettings, gate: Gate) {
    this.#database = database;
    this.#sender = new Sender(database, statements, settings, gate);
    this.#settings = settings;
    this.#maxBatches = database.connections > 1 ? 2 : 1;
    this.#maxWaiters = database.connections > 3 ? 2 : 1;
  }

  /** Appends that wait for their turn; those in flight are not counted. */
  get queued(): number {
    return this.#queue.length + this.#blocked.length;
  }

  metrics(): AppendMetrics {
    return this.#settings.counters.metrics({ queued: this.queued, blocked: this.#blocked.length, inFlight: this.#batches + this.#waiters });
  }

  get closed(): boolean {
    return this.#closed;
  }

  append(append: EncodedAppend, signal: AbortSignal | undefined): Promise<readonly AppendResult[]> {
    if (this.#closed) throw new StoreClosedError();
    this.#database.refuseReentrance();
    signal?.throwIfAborted();
    if (this.queued >= this.#settings.queuedAppends) throw new QueueFullError(this.#settings.queuedAppends);
    const pending = new PendingAppend(append, signal, this.#settings.counters);
    this.#queue.add(pending);
    this.#settings.counters.queued(this.queued);
    if (signal) this.#giveUpOn(signal, pending);
    // Calls of one turn of the event loop go out together.
    this.#schedule();
    return pending.promise;
  }

  /** Refuses new appends and resolves when all others are settled; after `timeoutMs` those not sent yet are rejected. */
  async drain(timeoutMs?: number): Promise<void> {
    this.#closed = true;
    this.#idle ??= Promise.withResolvers<void>();
    this.#signalIdle();
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => this.#abandon(), timeoutMs);
    await this.#idle.promise;
    clearTimeout(timer);
  }

  #abandon(): void {
    const reason = new StoreClosedError();
    for (const pending of this.#queue.clear()) pending.fail(reason);
    for (const pending of this.#blocked.splice(0)) this.#finish(pending, () => pending.fail(reason));
    this.#stop.abort(reason);
    this.#signalIdle();
  }

  #giveUpOn(signal: AbortSignal, pending: PendingAppend): void {
    const abort = (): void => {
      if (this.#queue.remove(pending)) pending.fail(signal.reason);
      else if (this.#blocked.includes(pending)) {
        this.#blocked = this.#blocked.filter((other) => other !== pending);
        this.#finish(pending, () => pending.fail(signal.reason));
      }
      this.#schedule();
    };
    signal.addEventListener("abort", abort, { once: true });
    const forget = (): void => signal.removeEventListener("abort", abort);
    pending.promise.then(forget, forget);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // A batch is of several callers: what runs in it, projections too, must not find the AsyncLocalStorage of one of them.
    this.#outside(() =>
      queueMicrotask(() => {
        this.#scheduled = false;
        this.#pump();
      }),
    );
  }

  #pump(): void {
    while (this.#batches < this.#maxBatches) {
      const batch = this.#queue.take({ ...batchLimits, events: this.#share() });
      if (batch.length === 0) break;
      this.#batches++;
      void this.#runBatch(batch).finally(() => {
        this.#batches--;
        this.#pump();
      });
    }
    while (this.#waiters < this.#maxWaiters) {
      const pending = this.#blocked.shift();
      if (!pending) break;
      this.#waiters++;
      void this.#runWaiting(pending).finally(() => {
        this.#waiters--;
        this.#pump();
      });
    }
    this.#signalIdle();
  }

  /** A batch takes all that waits, unless that is so much that two backends are done with it sooner than one. */
  #share(): number {
    const { events } = this.#queue;
    return events > worthSharing && this.#batches < this.#maxBatches - 1 ? Math.ceil(events / 2) : batchLimits.events;
  }

  #signalIdle(): void {
    if (this.#idle && this.queued === 0 && this.#batches === 0 && this.#waiters === 0) this.#idle.resolve();
  }

  /** Frees the streams of an append before its caller goes on, so that the next call finds them free. */
  #finish(pending: PendingAppend, settle: () => void): void {
    this.#queue.release(pending);
    settle();
  }

  async #send(...call: Parameters<Sender["send"]>): Promise<readonly SettledOutcome[]> {
    const outcomes = await this.#sender.send(...call);
    if (outcomes.some(({ kind }) => kind === "written")) this.#settings.onWritten();
    return outcomes;
  }

  async #runBatch(batch: readonly PendingAppend[]): Promise<void> {
    try {
      const outcomes = await this.#send("batch", batch);
      const refused: PendingAppend[] = [];
      for (const [index, pending] of batch.entries()) {
        const outcome = outcomes[index];
        if (outcome && outcome.kind !== "blocked") this.#finish(pending, () => pending.settle(outcome));
        else refused.push(pending);
      }
      this.#tryAgain(refused);
    } catch (error) {
      if (hasCulprit(error)) await this.#runCarefully(batch);
      else for (const pending of batch) this.#finish(pending, () => pending.fail(error));
    }
  }

  async #runCarefully(batch: readonly PendingAppend[]): Promise<void> {
    const blocked: PendingAppend[] = [];
    /** They share a stream with one that is blocked, and would overtake it. */
    const again: PendingAppend[] = [];
    const held = new Set<string>();
    const leave = (pending: PendingAppend): void => {
      (pending.keys.some((key) => held.has(key)) ? again : blocked).push(pending);
      for (const key of pending.keys) held.add(key);
    };
    for (let from = 0; from < batch.length; from += carefulLimit) {
      const chunk: PendingAppend[] = [];
      for (const pending of batch.slice(from, from + carefulLimit)) {
        if (pending.keys.some((key) => held.has(key))) leave(pending);
        else chunk.push(pending);
      }
      if (chunk.length === 0) continue;
      try {
        const outcomes = await this.#send("separately", chunk);
        for (const [index, pending] of chunk.entries()) {
          const outcome = outcomes[index];
          if (outcome && outcome.kind !== "blocked") this.#finish(pending, () => pending.settle(outcome));
          else leave(pending);
        }
      } catch (error) {
        for (const pending of chunk) this.#finish(pending, () => pending.fail(error));
      }
    }
    for (const pending of blocked) this.#letWait(pending);
    this.#putBack(again);
  }

  /** Appends of one batch that other transactions keep from a claim: none may overtake another on a stream. */
  #tryAgain(refused: readonly PendingAppend[]): void {
    const patient = new Set<string>();
    const again: PendingAppend[] = [];
    for (const pending of refused) {
      const behind = pending.keys.some((key) => patient.has(key));
      if (!behind && ++pending.refusals >= tries) {
        for (const key of pending.keys) patient.add(key);
        this.#letWait(pending);
      } else again.push(pending);
    }
    this.#putBack(again);
  }

  #putBack(again: readonly PendingAppend[]): void {
    this.#queue.putBack(again);
    for (const pending of again) {
      const { aborted, reason } = this.#signalOf(pending);
      if (aborted && this.#queue.remove(pending)) pending.fail(reason);
    }
  }

  /** Its caller gives up, or the store closes without waiting for it. */
  #signalOf({ signal }: PendingAppend): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#stop.signal]) : this.#stop.signal;
  }

  #letWait(pending: PendingAppend): void {
    const { aborted, reason } = this.#signalOf(pending);
    if (aborted) this.#finish(pending, () => pending.fail(reason));
    else this.#blocked.push(pending);
  }

  /** Waits for the stream a second at a time, then lets the next blocked append have the connection. */
  async #runWaiting(pending: PendingAppend): Promise<void> {
    try {
      const [outcome] = await this.#send("waiting", [pending], { signal: this.#signalOf(pending) });
      if (outcome && outcome.kind !== "blocked") this.#finish(pending, () => pending.settle(outcome));
    } catch (error) {
      if (isRepeatedId(error)) {
        // The append that holds the id has committed, so the next look-up finds it.
        pending.repeatedId = true;
        this.#letWait(pending);
      } else if (isBlocked(error) && !this.#waitedTooLong(pending)) {
        this.#letWait(pending);
      } else {
        this.#finish(pending, () => pending.fail(isBlocked(error) ? this.#heldTooLong(pending, error) : error));
      }
    }
  }

  #waitedTooLong(pending: PendingAppend): boolean {
    return this.#settings.queryTimeoutMs > 0 && performance.now() - pending.since > this.#settings.queryTimeoutMs;
  }

  #heldTooLong(pending: PendingAppend, cause: DatabaseError): DatabaseError {
    const streams = pending.append.parts.map((part) => JSON.stringify(part.streamId)).join(", ");
    return new DatabaseError(
      `Another transaction held ${streams}${pending.conditional ? ", or what the condition asks for," : ""} for more than ${this.#settings.queryTimeoutMs} ms. Nothing was written: look for a transaction left open (pg_stat_activity; store.blockers() names those that appended), then append again.`,
      { sqlState: cause.sqlState, cause, retryable: true },
    );
  }
}
