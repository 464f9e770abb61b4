import type { Queryable, TextRow } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import type { RecordedEvent } from "../model/event.ts";
import type { DeadLetterStatements } from "./dead-letter-statements.ts";
import type { FollowedEvent } from "../feed/follow.ts";
import { rowFilter, SharedRow } from "../feed/row-filter.ts";
import { decodeLogEvent, eventColumns } from "../read/decode.ts";
import { entryAtSql } from "../read/entry-at-sql.ts";
import type { ValidQueryItem } from "../read/filter.ts";
import { followColumns } from "../read/log-columns.ts";
import type { Checkpoint } from "../runtime/checkpoint.ts";
import type { ErrorDetails } from "../database/error-details.ts";
import type { WorkerContext } from "../runtime/worker-context.ts";

/** A dead letter whose retry was requested. */
export interface RequestedDeadLetter {
  readonly position: number;
  readonly stream: number;
}

/** The event of a letter, as it is stored. */
export interface LetterInLog {
  readonly event: RecordedEvent;
  /** Whether the filter looks for it: it may be another one than when the letter was written. */
  readonly wanted: boolean;
}

/** The dead letters of one shard, as its owner sees them. */
export class ShardDeadLetters {
  readonly #database: Queryable;
  readonly #schema: string;
  readonly #statements: DeadLetterStatements;
  readonly #tenant: string;
  readonly #checkpoint: Checkpoint;
  /** Streams with letters. Only the owner adds some; they are removed by others, so that one may be here for nothing. */
  #streams: Set<number> = new Set();

  constructor({ database, schema }: Pick<WorkerContext, "database" | "schema">, statements: DeadLetterStatements, tenant: string, checkpoint: Checkpoint) {
    this.#database = database;
    this.#schema = schema;
    this.#statements = statements;
    this.#tenant = tenant;
    this.#checkpoint = checkpoint;
  }

  async load(): Promise<void> {
    const rows = await this.#database.query(this.#statements.parkedStreams, this.#mine);
    this.#streams = new Set(rows.map((row) => toSafeInteger(row["stream"])));
  }

  has(stream: number): boolean {
    return this.#streams.has(stream);
  }

  /** Gives an event up: writes its letter and moves the checkpoint past it, or does neither. */
  async park({ event, stream }: FollowedEvent, state: "failed" | "skipped", attempts: number, { code, message, stack }: ErrorDetails): Promise<void> {
    await this.#checkpoint.moveBy(
      event,
      (move) => this.#database.query(this.#statements.park, [...move, stream, state, attempts, code, message, stack]),
      () => true,
    );
    if (state === "failed") this.#streams.add(stream);
  }

  /** Parks an event behind its stream's letters. False where none is left: nothing was done. */
  async parkBehind({ event, stream }: FollowedEvent): Promise<boolean> {
    const wasParked = ([row]: readonly TextRow[]): boolean => row?.["parked"] === "true";
    const rows = await this.#checkpoint.moveBy(event, (move) => this.#database.query(this.#statements.parkBehind, [...move, stream]), wasParked);
    if (!wasParked(rows)) this.#streams.delete(stream);
    return wasParked(rows);
  }

  async nextRequested(): Promise<RequestedDeadLetter | undefined> {
    const [row] = await this.#database.query(this.#statements.nextRequested, this.#mine);
    return row && { position: toSafeInteger(row["position"]), stream: toSafeInteger(row["stream"]) };
  }

  /** Undefined where the log lost it. */
  async read(position: number, filter: readonly ValidQueryItem[] | undefined): Promise<LetterInLog | undefined> {
    const at = quoteIdentifier(this.#schema);
    const text = `
select ${followColumns} ${eventColumns}
  from ${entryAtSql(at, "$1::bigint")} as e`;
    const [row] = await this.#database.query({ name: "tidemark_worker_letter", text }, [position]);
    const wanted = rowFilter({ tenant: undefined, filter, shard: undefined });
    return row && { event: decodeLogEvent(row), wanted: wanted(new SharedRow(row)) };
  }

  /** Settles a letter without a call. */
  async pass(letter: RequestedDeadLetter): Promise<void> {
    await this.settle(this.#database, letter);
  }

  /** The last statement of the transaction that handled the letter. False: it was discarded meanwhile. */
  async settle(queryable: Queryable, { position }: RequestedDeadLetter): Promise<boolean> {
    const { id, fence } = this.#checkpoint.shard;
    const [row] = await this.#checkpoint.guard(() => queryable.query(this.#statements.settle, [id, fence, position]));
    return row?.["settled"] === "true";
  }

  async failedAgain({ position }: RequestedDeadLetter, attempts: number, { code, message, stack }: ErrorDetails): Promise<void> {
    const { id, fence } = this.#checkpoint.shard;
    await this.#checkpoint.guard(() => this.#database.query(this.#statements.retryFailed, [id, fence, position, attempts, code, message, stack]));
  }

  get #mine(): readonly [string, string, number, number] {
    const { consumer, shard, of } = this.#checkpoint.shard;
    return [this.#tenant, consumer, shard, of];
  }
}
