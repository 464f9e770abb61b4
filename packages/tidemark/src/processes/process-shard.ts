import type { EventDecoder } from "../catalogue/event-codec.ts";
import type { Session, Statement, TextRow, Value } from "../database/database.ts";
import { ProcessParkedError } from "../errors/processes.ts";
import type { RecordedEvent } from "../model/event.ts";
import type { HandlerSession, ShardAccess, ShardHooks } from "../runtime/follower.ts";
import type { WorkerContext } from "../runtime/worker-context.ts";
import type { EventReaderWriter } from "../transaction/event-reader-writer.ts";
import { Dispatcher } from "./dispatcher.ts";
import { EffectCache } from "./effect-cache.ts";
import type { CommandEffect } from "./effect.ts";
import { EndedInstances } from "./ended-instances.ts";
import { type Input, Instance } from "./instance.ts";
import { type InputsContext, inputsByInstance, loadInstances, writeInstances, type WrittenInputs } from "./process-inputs.ts";
import type { PendingCommand } from "./pending-command.ts";
import { OrElseFailed, recordRefusal } from "./record-refusal.ts";
import { recoverEffects } from "./recover-effects.ts";
import { refold, serveRetry } from "./serve-retry.ts";
import { storedError } from "./stored-error.ts";
import { StillPending } from "./still-pending.ts";
import { VersionGate } from "./version-gate.ts";

export interface ProcessShardContext extends InputsContext {
  readonly worker: Pick<WorkerContext, "database" | "logger" | "progress" | "statements">;
  readonly store: EventReaderWriter;
  readonly decoder: Pick<EventDecoder, "decode">;
  /** Of `consumers`. */
  readonly follower: string;
}

/** What a batch wrote, in a transaction that may not have been committed yet. */
interface WrittenBatch extends WrittenInputs {
  readonly first: number;
  readonly last: number;
}

/**
 * A process at work on one shard: inputs become effects in the loop's transactions, and beside the loop a dispatcher issues what was
 * recorded. Everything that either of them writes demands the fence, but for the marks of what was issued, which are true whoever says so.
 */
export class ProcessShard implements ShardHooks {
  readonly #context: ProcessShardContext;
  readonly #shard: ShardAccess;
  readonly #cache = new EffectCache();
  readonly #dispatcher: Dispatcher;
  readonly #versions: VersionGate;
  readonly #endedInstances: EndedInstances;
  #written: WrittenBatch[] = [];

  constructor(context: ProcessShardContext, shard: ShardAccess) {
    const { process, statements, store, tools, worker } = context;
    const { database } = worker;
    this.#context = context;
    this.#shard = shard;
    this.#versions = new VersionGate(context, shard);
    this.#endedInstances = new EndedInstances(context, shard);
    this.#dispatcher = new Dispatcher({
      process,
      statements,
      database,
      shard,
      lane: {
        store,
        codec: tools.codec,
        process: process.name,
        definition: process,
        timeoutMs: process.settings.timeoutMs,
        stillPending: new StillPending(database, statements.stillPending, shard.checkpoint.shard).ask,
        retryable: process.settings.retryable,
        cache: this.#cache,
        recover: (command) => recoverEffects({ ...context, database }, command),
        backOff: async ({ id, attempts }, error, inMs) =>
          void (await this.#queryEntered(statements.backOff, [id, attempts + 1, inMs, JSON.stringify(storedError(error))])),
        park: (command, error) => this.#park(command, error),
        refuse: (command, error, effect) => this.#refuse(command, error, effect),
      },
    });
  }

  load = async (): Promise<undefined> => {
    // What was written since the checkpoint was rolled back.
    this.#written = [];
    await this.#versions.open();
    this.#forgetEnded();
    this.#dispatcher.start();
    return undefined;
  };

  /** Takes a batch of events, in the transaction of their checkpoint. */
  async handle(events: readonly RecordedEvent[], session: HandlerSession): Promise<void> {
    const [first] = events;
    const last = events.at(-1);
    if (!first || !last) return;
    // What another try of these events wrote was undone.
    this.#written = this.#written.filter((batch) => batch.last < first.position);
    const inputs = inputsByInstance(this.#context.process, events);
    if (inputs.size === 0) return;
    const { own, others } = await loadInstances(this.#context, this.#shard.tenant, session, [...inputs.keys()]);
    const instances: Instance[] = [];
    for (const [name, taken] of inputs) {
      const instance = own.get(name) ?? (others.has(name) ? undefined : this.#newInstance(name, taken));
      if (instance) instances.push(instance);
      // One that has ended takes nothing in, whatever its version: nothing of it waits.
      else if (!others.get(name)?.ended) this.#versions.passedBy();
      if (instance?.stale && !instance.ended && instance.row.parked !== "input") await refold(this.#context, session, instance);
      for (const input of instance ? taken : []) await instance?.take(input);
    }
    if (instances.length === 0) return;
    const written = await writeInstances(this.#context, this.#shard.tenant, session, instances);
    this.#written.push({ ...written, first: first.position, last: last.position });
  }

  /** Undefined: another version starts it. */
  #newInstance(name: string, [first]: readonly Input[]): Instance | undefined {
    return first && this.#versions.starts(first.position) ? new Instance(this.#context.tools, name) : undefined;
  }

  moved = (): void => {
    const { position } = this.#shard.checkpoint.written;
    const committed = this.#written.filter(({ last }) => last <= position);
    if (committed.length === 0) return;
    this.#written = this.#written.filter(({ last }) => last > position);
    for (const batch of committed) this.#publish(batch);
    this.#forgetEnded();
  };

  /** The newest version alone: of an instance that is not there, it alone starts another. */
  #forgetEnded(): void {
    if (this.#versions.isNewest) this.#endedInstances.look();
  }

  requested = async (): Promise<void> => {
    while ((await this.#shard.mayGoOn()) && (await this.#serveRetry()));
  };

  interrupted = (reason: Error): void => this.#dispatcher.interrupt(reason);

  ended = async (): Promise<void> => {
    await Promise.all([this.#dispatcher.ended(), this.#versions.ended(), this.#endedInstances.ended()]);
  };

  /** What follows a commit. */
  #publish({ effects, failures, timersInMs }: WrittenInputs): void {
    const { process, timers } = this.#context;
    for (const { instance, input, effects: returned } of effects) this.#cache.set(instance, input, [], returned);
    for (const { instance, input, error } of failures)
      this.#shard.tell(new ProcessParkedError({ process: process.name, instance, input, at: "input" }, storedError(error).message, { cause: error }));
    if (timersInMs !== undefined) timers.alarm.set(timersInMs);
    this.#dispatcher.look();
  }

  /** False: no instance's retry is requested. */
  async #serveRetry(): Promise<boolean> {
    const written = await this.#transaction((session) => serveRetry(this.#context, this.#shard, session));
    if (!written) return false;
    this.#publish(written);
    this.#shard.settled();
    return true;
  }

  async #park(command: PendingCommand, error: unknown): Promise<void> {
    const { process, statements } = this.#context;
    const { id, attempts, instance, input } = command;
    const parked = await this.#queryEntered(statements.park, [id, attempts + 1, JSON.stringify(storedError(error))]);
    if (parked.length === 0) return;
    this.#shard.tell(new ProcessParkedError({ process: process.name, instance, input, at: "command" }, storedError(error).message, { cause: error }));
  }

  /** Records a refusal, and what `orElse` returns for it, in one transaction. */
  async #refuse(command: PendingCommand, error: unknown, { orElse }: CommandEffect): Promise<void> {
    try {
      const done = await this.#transaction((session) => recordRefusal(this.#context, this.#shard.tenant, session, { command, error, orElse }));
      if (!done) return;
      this.#publish(done.written);
      this.#cache.set(command.instanceId, command.input, command.path, done.effects);
    } catch (thrown) {
      if (!(thrown instanceof OrElseFailed)) throw thrown;
      await this.#park(command, thrown.cause);
    }
  }

  /** A statement that takes the shard's id and fence first, and demands them. */
  #queryEntered(statement: Statement, values: readonly Value[]): Promise<readonly TextRow[]> {
    const { id, fence } = this.#shard.checkpoint.shard;
    return this.#shard.checkpoint.guard(() => this.#context.worker.database.query(statement, [id, fence, ...values]));
  }

  /** A transaction of the shard's owner beside the loop's. */
  #transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const { database, statements } = this.#context.worker;
    const { id, fence } = this.#shard.checkpoint.shard;
    return database.transaction(async (session) => {
      await this.#shard.checkpoint.guard(() => session.query(statements.enter, [id, fence]));
      return await work(session);
    });
  }
}
