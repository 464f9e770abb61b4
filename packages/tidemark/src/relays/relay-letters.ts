import type { Queryable, Session } from "../database/database.ts";
import type { ErrorDetails } from "../database/error-details.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { planned } from "../database/planned.ts";
import { toSafeInteger } from "../database/number.ts";
import type { RecordedEvent } from "../model/event.ts";
import { deadLetterStatements } from "../consumers/dead-letter-statements.ts";
import { type RequestedDeadLetter, ShardDeadLetters } from "../consumers/shard-dead-letters.ts";
import type { Anchor } from "../feed/follow.ts";
import type { Checkpoint } from "../runtime/checkpoint.ts";
import { partitionOf } from "../runtime/partition.ts";
import type { WorkerContext } from "../runtime/worker-context.ts";
import { functionName } from "../schema/function-set.ts";

/** A dead letter of a relay that is to be written. */
export interface NewLetter {
  readonly position: number;
  /** The event's. */
  readonly id: string;
  readonly key: string;
  readonly state: "failed" | "parked";
  readonly attempts: number;
  readonly code: string | null;
  readonly message: string | null;
  readonly stack: string | null;
}

/** A key's letters were all removed while an event was parked behind them: it can be published. */
export class KeyFreed extends Error {}

const pageSize = 500;

/** The dead letters of a relay's shard, as its owner sees them: by key. */
export class RelayLetters {
  readonly #database: Queryable;
  readonly #schema: string;
  readonly #tenant: string;
  readonly #checkpoint: Checkpoint;
  readonly #byPosition: ShardDeadLetters;

  constructor(context: Pick<WorkerContext, "database" | "schema">, tenant: string, checkpoint: Checkpoint) {
    this.#database = context.database;
    this.#schema = context.schema;
    this.#tenant = tenant;
    this.#checkpoint = checkpoint;
    this.#byPosition = new ShardDeadLetters(context, deadLetterStatements(context.schema), tenant, checkpoint);
  }

  /** The keys of this shard that have letters. */
  async keys(): Promise<Set<string>> {
    const text = `select distinct d.lane as key from ${this.#table} as d where d.tenant = $1 and d.consumer = $2 and d.state <> 'skipped'`;
    const rows = await this.#database.query({ name: "tidemark_relay_keys", text }, [this.#tenant, this.#checkpoint.shard.consumer]);
    return new Set(rows.map((row) => row["key"] ?? "").filter((key) => this.#isMine(key)));
  }

  /** Which of these keys have letters still. */
  async stillParked(keys: readonly string[]): Promise<ReadonlySet<string>> {
    const text = `select l.lane as key from ${functionName(this.#schema, "parked_lanes")}($1, $2, $3::text::json) as l (lane)`;
    const rows = await this.#database.query({ name: "tidemark_relay_parked_lanes", text }, [
      this.#tenant,
      this.#checkpoint.shard.consumer,
      JSON.stringify(keys),
    ]);
    return new Set(rows.map((row) => row["key"] ?? ""));
  }

  /**
   * Writes letters in the transaction of the checkpoint.
   *
   * @throws {@link KeyFreed} — one that is to wait behind others has none before it any more.
   */
  async park(session: Session, letters: readonly NewLetter[]): Promise<void> {
    const { id, fence } = this.#checkpoint.shard;
    const statement = { name: "tidemark_relay_park", text: `select ${functionName(this.#schema, "park_messages")}($1, $2, $3::text::jsonb)::text as freed` };
    const [row] = await this.#checkpoint.guard(() => session.query(statement, [id, fence, JSON.stringify(letters)]));
    if (toSafeInteger(row?.["freed"]) > 0) throw new KeyFreed("its key has no dead letters any more: it is published");
  }

  /** Writes a letter, and moves the checkpoint past its event. */
  async parkAlone(to: Anchor & Pick<RecordedEvent, "id">, letter: NewLetter): Promise<void> {
    const text = `
select ${functionName(this.#schema, "move_checkpoint")}($1, $2, $3, $4, $5)::text
  from (select ${functionName(this.#schema, "park_messages")}($1, $2, $6::text::jsonb) as freed offset 0) as parked
 where parked.freed = 0`;
    await this.#checkpoint.moveBy(
      to,
      (move) => this.#database.query({ name: "tidemark_relay_park_alone", text }, [...move, JSON.stringify([letter])]),
      () => true,
    );
  }

  async nextRequested(): Promise<RequestedDeadLetter | undefined> {
    const text = `
select d.position::text as position, d.stream_id::text as stream, d.lane as key
  from ${this.#table} as d
 where d.tenant = $1 and d.consumer = $2 and d.retry_requested and d.position > $3
 order by d.position
 limit ${pageSize}`;
    for (let after = 0; ;) {
      const rows = await this.#database.query(planned("relay_next_requested", text), [this.#tenant, this.#checkpoint.shard.consumer, after]);
      const row = rows.find(({ key }) => this.#isMine(key ?? ""));
      if (row) return { position: toSafeInteger(row["position"]), stream: toSafeInteger(row["stream"]) };
      if (rows.length < pageSize) return undefined;
      after = toSafeInteger(rows.at(-1)?.["position"]);
    }
  }

  /** The event of a letter, as it is stored. */
  async read(position: number): Promise<RecordedEvent | undefined> {
    return (await this.#byPosition.read(position, undefined))?.event;
  }

  /** The last statement of the transaction that published the letter's event. False: it was discarded meanwhile. */
  settle(queryable: Queryable, letter: RequestedDeadLetter): Promise<boolean> {
    return this.#byPosition.settle(queryable, letter);
  }

  failedAgain(letter: RequestedDeadLetter, attempts: number, details: ErrorDetails): Promise<void> {
    return this.#byPosition.failedAgain(letter, attempts, details);
  }

  get #table(): string {
    return `${quoteIdentifier(this.#schema)}.dead_letters`;
  }

  #isMine(key: string): boolean {
    const { shard, of } = this.#checkpoint.shard;
    return of === 1 || partitionOf(key) % of === shard;
  }
}
