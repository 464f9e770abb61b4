import type { LifecyclePart } from "../async/lifecycle.ts";
import { Semaphore } from "../async/semaphore.ts";
import type { EventCodec } from "../catalogue/event-codec.ts";
import type { Database } from "../database/database.ts";
import type { TidemarkError } from "../errors/tidemark-error.ts";
import type { Feed } from "../feed/feed.ts";
import type { Logger } from "../model/logger.ts";
import { CheckpointWriter } from "./checkpoint-writer.ts";
import { Liveness } from "./liveness.ts";
import { Progress } from "./progress.ts";
import { type RuntimeStatements, runtimeStatements } from "./statements.ts";
import type { TracedStore } from "../tracing/traced-store.ts";

/** What all workers of a process share, for one store. */
export interface WorkerContext {
  readonly database: Database;
  readonly feed: Feed;
  readonly schema: string;
  readonly statements: RuntimeStatements;
  /**
   * One permit for each transaction of a handler that is open. One fewer than the pool has connections: a handler that also calls the
   * store takes a second one, and if all handlers waited for it, none would ever get it.
   */
  readonly handlerTransactions: Semaphore;
  readonly progress: Progress;
  readonly liveness: Liveness;
  readonly checkpoints: CheckpointWriter;
  readonly logger: Logger;
  readonly codec: EventCodec;
  /** Which store it is of, for tracing. */
  readonly traced: TracedStore;
}

export function createWorkerContext(store: Pick<WorkerContext, "database" | "feed" | "schema" | "logger" | "codec" | "traced">): WorkerContext {
  const { database, feed, schema } = store;
  const statements = runtimeStatements(schema);
  return {
    ...store,
    statements,
    handlerTransactions: new Semaphore(Math.max(1, database.connections - 1)),
    progress: new Progress(),
    liveness: new Liveness(feed, statements),
    checkpoints: new CheckpointWriter(database, statements),
  };
}

/** What one worker adds. */
export interface WorkerSettings {
  readonly tenant: string;
  readonly leaseMs: number;
  /** The store itself started it: it keeps no process running. */
  readonly background: boolean;
  /** Never throws. */
  readonly onError: (error: TidemarkError) => void;
  /** What else works for as long as the worker runs: started after its followers, and stopped with them. */
  readonly services?: readonly LifecyclePart[];
  readonly onStart?: (() => void | Promise<void>) | undefined;
  readonly onStop?: (() => void | Promise<void>) | undefined;
}
