import { AsyncLocalStorage } from "node:async_hooks";
import type { LifecyclePart } from "../async/lifecycle.ts";
import type { Database } from "../database/database.ts";
import { QueueFullError } from "../errors/appending.ts";
import { StoreClosedError } from "../errors/opening.ts";
import type { AppendMetrics } from "./append-counters.ts";
import { BatchRun } from "./batch-run.ts";
import { BlockedAppends } from "./blocked-appends.ts";
import type { EncodedAppend } from "./encoded.ts";
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
/** Events. Below, what each batch costs whatever it holds outweighs what a second backend saves. */
const worthSharing = 256;

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
  readonly #blocked: BlockedAppends;
  readonly #batchRun: BatchRun;
  readonly #maxBatches: number;
  #batches = 0;
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
    const finish = (pending: PendingAppend, settle: () => void): void => this.#finish(pending, settle);
    this.#blocked = new BlockedAppends({
      most: database.connections > 3 ? 2 : 1,
      queryTimeoutMs: settings.queryTimeoutMs,
      send: (pending, signal) => this.#send("waiting", [pending], { signal }),
      signalOf: (pending) => this.#signalOf(pending),
      finish,
    });
    this.#batchRun = new BatchRun({
      send: (way, appends) => this.#send(way, appends),
      finish,
      letWait: (pending) => this.#blocked.add(pending),
      putBack: (again) => this.#putBack(again),
    });
  }

  /** Appends that wait for their turn; those in flight are not counted. */
  get queued(): number {
    return this.#queue.length + this.#blocked.length;
  }

  metrics(): AppendMetrics {
    return this.#settings.counters.metrics({ queued: this.queued, blocked: this.#blocked.length, inFlight: this.#batches + this.#blocked.inFlight });
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
    for (const pending of this.#blocked.clear()) this.#finish(pending, () => pending.fail(reason));
    this.#stop.abort(reason);
    this.#signalIdle();
  }

  #giveUpOn(signal: AbortSignal, pending: PendingAppend): void {
    const abort = (): void => {
      if (this.#queue.remove(pending)) pending.fail(signal.reason);
      else if (this.#blocked.remove(pending)) this.#finish(pending, () => pending.fail(signal.reason));
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
      void this.#batchRun.run(batch).finally(() => {
        this.#batches--;
        this.#pump();
      });
    }
    this.#blocked.sendNext(() => this.#pump());
    this.#signalIdle();
  }

  /** A batch takes all that waits, unless that is so much that two backends are done with it sooner than one. */
  #share(): number {
    const { events } = this.#queue;
    return events > worthSharing && this.#batches < this.#maxBatches - 1 ? Math.ceil(events / 2) : batchLimits.events;
  }

  #signalIdle(): void {
    if (this.#idle && this.queued === 0 && this.#batches === 0 && this.#blocked.inFlight === 0) this.#idle.resolve();
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
}
