import type { Queryable } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import type { RecordedEvent } from "../model/event.ts";
import type { FollowedEvent } from "../feed/follow.ts";
import { decodeLogEvent, eventColumns } from "../read/decode.ts";
import type { Checkpoint } from "../runtime/checkpoint.ts";
import type { Told } from "../runtime/failure.ts";
import type { WorkerParts } from "../runtime/parts.ts";

/** A dead letter that somebody wants to be tried again. */
export interface RequestedLetter {
  readonly position: number;
  readonly stream: number;
}

/** The dead letters of one shard, as its owner sees them. */
export class ShardLetters {
  readonly #parts: WorkerParts;
  readonly #tenant: string;
  readonly #checkpoint: Checkpoint;
  /** Streams with letters. Only the owner adds some; they are removed by others, so that one may be here for nothing. */
  #streams: Set<number> = new Set();

  constructor(parts: WorkerParts, tenant: string, checkpoint: Checkpoint) {
    this.#parts = parts;
    this.#tenant = tenant;
    this.#checkpoint = checkpoint;
  }

  async load(): Promise<void> {
    const rows = await this.#parts.database.query(this.#parts.statements.parkedStreams, this.#mine);
    this.#streams = new Set(rows.map((row) => toSafeInteger(row["stream"])));
  }

  has(stream: number): boolean {
    return this.#streams.has(stream);
  }

  /** Gives an event up: writes its letter and moves the checkpoint past it, or does neither. */
  async park({ event, stream }: FollowedEvent, state: "failed" | "skipped", attempts: number, { code, message, stack }: Told): Promise<void> {
    await this.#moving(event, (checkpoint) =>
      this.#parts.database.query(this.#parts.statements.park, [...checkpoint, stream, state, attempts, code, message, stack]),
    );
    if (state === "failed") this.#streams.add(stream);
  }

  /** Parks an event behind its stream's letters. False where none is left: nothing was done. */
  async parkBehind({ event, stream }: FollowedEvent): Promise<boolean> {
    const [row] = await this.#moving(
      event,
      (checkpoint) => this.#parts.database.query(this.#parts.statements.parkBehind, [...checkpoint, stream]),
      (rows) => rows[0]?.["parked"] === "true",
    );
    const parked = row?.["parked"] === "true";
    if (!parked) this.#streams.delete(stream);
    return parked;
  }

  async #moving<T>(
    event: RecordedEvent,
    statement: (checkpoint: readonly [number, number, number, number, string]) => Promise<T>,
    moved: (result: T) => boolean = () => true,
  ): Promise<T> {
    const { shard, written } = this.#checkpoint;
    const result = await this.#checkpoint.guard(() => statement([shard.id, shard.fence, written.position, event.position, event.id]));
    if (moved(result)) this.#checkpoint.written = { position: event.position, id: event.id };
    return result;
  }

  async nextRequested(): Promise<RequestedLetter | undefined> {
    const [row] = await this.#parts.database.query(this.#parts.statements.nextRetry, this.#mine);
    return row && { position: toSafeInteger(row["position"]), stream: toSafeInteger(row["stream"]) };
  }

  /** Undefined where the log lost it. */
  async read(position: number): Promise<RecordedEvent | undefined> {
    const at = quoteIdentifier(this.#parts.schema);
    const text = `select s.name as stream_name, e.tenant as tenant, ${eventColumns} from ${at}.events as e join ${at}.streams as s on s.id = e.stream_id where e.position = $1`;
    const [row] = await this.#parts.database.query({ name: "tidemark_worker_letter", text }, [position]);
    return row && decodeLogEvent(row);
  }

  /** The last statement of the transaction that handled the letter. False: it was discarded meanwhile. */
  async settle(queryable: Queryable, { position }: RequestedLetter): Promise<boolean> {
    const { id, fence } = this.#checkpoint.shard;
    const [row] = await this.#checkpoint.guard(() => queryable.query(this.#parts.statements.settle, [id, fence, position]));
    return row?.["settled"] === "true";
  }

  async failedAgain({ position }: RequestedLetter, attempts: number, { code, message, stack }: Told): Promise<void> {
    const { id, fence } = this.#checkpoint.shard;
    await this.#checkpoint.guard(() => this.#parts.database.query(this.#parts.statements.retryFailed, [id, fence, position, attempts, code, message, stack]));
  }

  get #mine(): readonly [string, string, number, number] {
    const { consumer, shard, of } = this.#checkpoint.shard;
    return [this.#tenant, consumer, shard, of];
  }
}
