import { checkFunction, listOf, notYet, wholeNumber } from "../arguments/checks.ts";
import { checkOptions } from "../arguments/options.ts";
import { show } from "../arguments/show.ts";
import type { Database, Session } from "../database/database.ts";
import type { TidemarkError } from "../error.ts";
import { InvalidArgumentError } from "../errors.ts";
import type { StoreTransaction } from "../event-reader-writer.ts";
import type { Feed } from "../feed/feed.ts";
import type { Logger } from "../logger.ts";
import { CheckpointWriter } from "./checkpoint-writer.ts";
import type { Consumer, Worker } from "./consumer.ts";
import { type Consumers, StoreConsumers } from "./consumers.ts";
import { type DeadLetters, StoreDeadLetters } from "./dead-letters.ts";
import { DefinedConsumer } from "./define-consumer.ts";
import type { WorkerParts } from "./parts.ts";
import { Progress } from "./progress.ts";
import { Slots } from "./slots.ts";
import { workerStatements } from "./statements.ts";
import { waitFor, type WaitOptions } from "./wait-for.ts";
import { ConsumerWorker } from "./worker.ts";

export interface WorkerDefinition {
  /** At least one, none twice. */
  readonly consumers?: readonly Consumer[];
  /**
   * How long a shard stays with a worker that is not heard of, and how long a handler's transaction may sit idle.
   * 500–3,600,000. @defaultValue 15,000
   */
  readonly leaseMs?: number;
  /**
   * Hears of what no call can return: events that were given up, shards that were lost or stopped, outages, each once. By
   * default the logger's `error` does.
   */
  readonly onError?: (error: TidemarkError) => void;
}

const defaultLeaseMs = 15_000;
const shape = {
  consumers: listOf(checkConsumer),
  projections: notYet("async projections"),
  leaseMs: wholeNumber(500, 3_600_000),
  onError: checkFunction<(error: TidemarkError) => void>,
};

/** The workers of one store in this process, and what they share. */
export class Workers {
  readonly #parts: WorkerParts;
  readonly #running = new Set<ConsumerWorker>();

  constructor({ database, feed, schema, logger }: { readonly database: Database; readonly feed: Feed; readonly schema: string; readonly logger: Logger }) {
    const statements = workerStatements(schema);
    this.#parts = {
      database,
      feed,
      schema,
      logger,
      statements,
      slots: new Slots(Math.max(1, database.connections - 1)),
      progress: new Progress(),
      checkpoints: new CheckpointWriter(database, statements),
    };
  }

  /** @param createTransaction - The tenant's store on a session. */
  create(definition: WorkerDefinition, tenant: string, createTransaction: (session: Session) => StoreTransaction): Worker {
    const { consumers, leaseMs = defaultLeaseMs, onError } = checkOptions(definition, shape, "definition");
    if (!consumers) throw new InvalidArgumentError("definition.consumers", "is missing: a worker without consumers would do nothing");
    const twice = consumers.find(({ name }, index) => consumers.findIndex((other) => other.name === name) !== index);
    if (twice) throw new InvalidArgumentError("definition.consumers", `holds ${JSON.stringify(twice.name)} twice`);
    const { logger } = this.#parts;
    return new ConsumerWorker(this.#parts, { tenant, leaseMs, createTransaction, onError: safely(onError, logger) }, consumers, this.#running);
  }

  consumers(tenant: string): Consumers {
    return new StoreConsumers(this.#parts, tenant, () => this.#look());
  }

  deadLetters(tenant: string): DeadLetters {
    return new StoreDeadLetters(this.#parts, tenant, () => this.#look());
  }

  waitFor(tenant: string, name: string, position: number, options?: WaitOptions): Promise<void> {
    return waitFor(this.#parts, tenant, name, position, options);
  }

  async #look(): Promise<void> {
    await Promise.all([...this.#running].map((worker) => worker.look()));
  }

  /** Stops all of them, before the store closes. */
  async stop(timeoutMs?: number): Promise<void> {
    await Promise.all([...this.#running].map((worker) => worker.stop(timeoutMs === undefined ? {} : { timeoutMs })));
  }
}

function checkConsumer(value: unknown, path: string): DefinedConsumer {
  if (value instanceof DefinedConsumer) return value;
  throw new InvalidArgumentError(path, `must be what defineConsumer returns, not ${show(value)}`);
}

/** A callback of the user's that throws must not stop a heartbeat. */
function safely(onError: ((error: TidemarkError) => void) | undefined, logger: Logger): (error: TidemarkError) => void {
  if (!onError) return (error) => logger.error(`tidemark: ${error.message}`);
  return (error) => {
    try {
      onError(error);
    } catch (thrown) {
      logger.error("tidemark: onError of a worker threw:", thrown);
    }
  };
}
