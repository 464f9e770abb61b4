import { asTidemarkError } from "../database/error-details.ts";
import type { ShardAccess } from "../runtime/follower.ts";
import type { WorkerContext } from "../runtime/worker-context.ts";
import type { DefinedProcess } from "./defined-process.ts";
import { isClosing } from "./issue-command.ts";
import { Minutely } from "./minutely.ts";
import type { ProcessStatements } from "./statements.ts";

/** Each with its inputs and commands, in one transaction. */
const batch = 500;

export interface EndedInstancesContext {
  readonly process: DefinedProcess;
  readonly statements: Pick<ProcessStatements, "forget">;
  readonly worker: Pick<WorkerContext, "database">;
  readonly follower: string;
}

/** Forgets what `keepEndedMs` does not keep, of one shard: a batch at a time, beside the loop. */
export class EndedInstances {
  readonly #context: EndedInstancesContext;
  readonly #shard: Pick<ShardAccess, "tenant" | "signal" | "checkpoint" | "tell">;
  readonly #looks = new Minutely();

  constructor(context: EndedInstancesContext, shard: Pick<ShardAccess, "tenant" | "signal" | "checkpoint" | "tell">) {
    this.#context = context;
    this.#shard = shard;
  }

  /** Looks for some, once a minute at most. An idle process ends no instances, so nothing but its inputs has to call this. */
  look(): void {
    const { keepEndedMs } = this.#context.process.settings;
    if (keepEndedMs === undefined) return;
    this.#looks.run(() =>
      this.#forget(keepEndedMs).catch((error: unknown) => {
        if (!this.#shard.signal.aborted && !isClosing(error)) this.#shard.tell(asTidemarkError(error));
      }),
    );
  }

  /** Resolves once nothing of it runs. */
  ended(): Promise<void> {
    return this.#looks.ended();
  }

  async #forget(keepMs: number): Promise<void> {
    const { process, statements, worker, follower } = this.#context;
    const { tenant, signal, checkpoint } = this.#shard;
    const { of, shard } = checkpoint.shard;
    for (let forgotten = batch; forgotten === batch && !signal.aborted;)
      forgotten = (await worker.database.query(statements.forget, [tenant, process.name, of, shard, follower, keepMs, batch])).length;
  }
}
