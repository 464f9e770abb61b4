import { checkBoolean, oneOf, wholeNumber } from "../arguments/checks.ts";
import { checkConsumerName } from "../arguments/names.ts";
import { checkOptions } from "../arguments/options.ts";
import { checkUuid } from "../arguments/uuid.ts";
import type { EventDecoder } from "../catalogue/event-codec.ts";
import type { Statement, TextRow, Value } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { toSafeInteger } from "../database/number.ts";
import { keepCallers } from "../errors/caller-frames.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { NotFoundError } from "../errors/following.ts";
import type { Event, RecordedEvent } from "../model/event.ts";
import { milliseconds } from "../database/milliseconds.ts";
import { decodeLogEvent, eventColumns } from "../read/decode.ts";
import { letterEvent } from "./letter-event.ts";
import type { WorkerContext } from "../runtime/worker-context.ts";
import { functionName } from "../schema/function-set.ts";

/**
 * An event that a consumer did not handle.
 *
 * @example
 * ```ts
 * const letters: readonly DeadLetter[] = await store.deadLetters.list({ state: "failed" });
 * for (const { event, error } of letters) console.warn(event.streamId, error?.message);
 * ```
 */
export interface DeadLetter<E extends Event = Event> {
  readonly consumer: string;
  /** The event's. */
  readonly position: number;
  readonly eventId: string;
  /** `"failed"`: its attempts were used up. `"parked"`: it waits behind one of its stream. `"skipped"`: nothing waits for it. */
  readonly state: "failed" | "parked" | "skipped";
  /** Whether it is to be retried as soon as its shard's worker comes to it. */
  readonly retryRequested: boolean;
  readonly attempts: number;
  /** The error of the last attempt; undefined if it is parked. */
  readonly error: { readonly code: string | undefined; readonly message: string; readonly stack: string | undefined } | undefined;
  readonly parkedAt: Date;
  /** As your code knows it, of several its first part. As it is stored if it became nothing or cannot be decoded. */
  readonly event: RecordedEvent<E>;
  /** Why `event` cannot be decoded now. Undefined if it can. A retry decodes it again, with the code of that worker. */
  readonly decodeError: { readonly code: string | undefined; readonly message: string } | undefined;
}

/**
 * Identifies one dead letter. A `DeadLetter` itself fits.
 *
 * @example
 * ```ts
 * const key: DeadLetterKey = { consumer: "mailer", position: 813 };
 * ```
 */
export type DeadLetterKey = { readonly consumer: string; readonly position: number } | { readonly consumer: string; readonly eventId: string };

/**
 * Which dead letters.
 *
 * @example
 * ```ts
 * const query: DeadLetterQuery = { consumer: "mailer", state: "failed", limit: 10 };
 * ```
 */
export interface DeadLetterQuery {
  readonly consumer?: string;
  readonly state?: "failed" | "parked" | "skipped";
  /** Of each consumer, those after this position. */
  readonly after?: number;
  /** @defaultValue 100 */
  readonly limit?: number;
  /** Shows events as they are stored. @defaultValue false */
  readonly raw?: boolean;
}

/**
 * A dead letter that was resolved, and how.
 *
 * @example
 * ```ts
 * const resolved: readonly ResolvedDeadLetter[] = await store.deadLetters.history();
 * ```
 */
export interface ResolvedDeadLetter {
  readonly consumer: string;
  /** The event's. */
  readonly position: number;
  readonly eventId: string;
  readonly streamId: string;
  /** As it is stored. */
  readonly type: string;
  /** `"handled"`: a retry succeeded. `"discarded"`: `discard` removed it. `"reset"`: the consumer was set back, and its event came again. */
  readonly outcome: "handled" | "discarded" | "reset";
  /** Those that had failed. */
  readonly attempts: number;
  /** Of the last attempt that failed; undefined where it was only parked. */
  readonly error: { readonly code: string | undefined; readonly message: string } | undefined;
  readonly parkedAt: Date;
  readonly resolvedAt: Date;
}

/**
 * Which of the resolved dead letters.
 *
 * @example
 * ```ts
 * const query: DeadLetterHistoryQuery = { consumer: "mailer", limit: 10 };
 * ```
 */
export interface DeadLetterHistoryQuery {
  readonly consumer?: string;
  /** 1–10,000. @defaultValue 100 */
  readonly limit?: number;
}

/**
 * The events that consumers gave up on. `get`, `retry` and `discard` reject with `NotFoundError` if there is no such letter.
 *
 * @example
 * ```ts
 * const deadLetters: DeadLetters = store.deadLetters;
 * for (const letter of await deadLetters.list()) await deadLetters.retry(letter);
 * ```
 */
export interface DeadLetters {
  /** By consumer and position. */
  list<E extends Event = Event>(query?: DeadLetterQuery): Promise<readonly DeadLetter<E>[]>;
  /** @param options - `raw`: the event as it is stored. */
  get<E extends Event = Event>(key: DeadLetterKey, options?: { readonly raw?: boolean }): Promise<DeadLetter<E>>;
  /**
   * Has a worker of its consumer handle it again. If that succeeds, the letter is removed, and the parked letters of its stream follow
   * in order. If it fails, the letter stays. Its event is decoded again, so a mended catalogue heals it. The letters of a stream are handled in order, so if others are before it, the first of
   * them is tried.
   */
  retry(key: DeadLetterKey): Promise<void>;
  /** Removes it for good. Its event is never handled; the letters behind it are. */
  discard(key: DeadLetterKey): Promise<void>;
  /** Lists resolved letters and how they were resolved, the latest first. The last 1,000 of each consumer are kept until it is deleted. */
  history(query?: DeadLetterHistoryQuery): Promise<readonly ResolvedDeadLetter[]>;
}

const listShape = {
  consumer: checkConsumerName,
  state: oneOf("failed", "parked", "skipped"),
  after: wholeNumber(0),
  limit: wholeNumber(1, 10_000),
  raw: checkBoolean,
};
const keyShape = { consumer: checkConsumerName, position: wholeNumber(1), eventId: checkUuid };

export class StoreDeadLetters implements DeadLetters {
  readonly #context: WorkerContext;
  readonly #tenant: string;
  readonly #changed: () => Promise<void>;

  static {
    keepCallers(this);
  }

  /** @param changed - Has the workers of this process look. */
  constructor(context: WorkerContext, tenant: string, changed: () => Promise<void>) {
    this.#context = context;
    this.#tenant = tenant;
    this.#changed = changed;
  }

  async list<E extends Event = Event>(query?: DeadLetterQuery): Promise<readonly DeadLetter<E>[]> {
    const { consumer = null, state = null, after = 0, limit = 100, raw } = checkOptions(query, listShape, "query");
    const decoder = this.#context.codec.decoder({ raw });
    const where = "($2::text is null or d.consumer = $2) and ($3::text is null or d.state = $3) and d.position > $4 order by d.consumer, d.position limit $5";
    return (await this.#select("letters", where, [consumer, state, after, limit])).map((row) => deadLetter<E>(row, decoder));
  }

  async get<E extends Event = Event>(key: DeadLetterKey, options?: { readonly raw?: boolean }): Promise<DeadLetter<E>> {
    const { raw } = checkOptions(options, { raw: checkBoolean });
    return deadLetter<E>(await this.#row(key), this.#context.codec.decoder({ raw }));
  }

  async retry(key: DeadLetterKey): Promise<void> {
    const row = await this.#row(key);
    const at = quoteIdentifier(this.#context.schema);
    const [consumer, position] = [row["consumer"] ?? "", toSafeInteger(row["position"])];
    if (row["state"] === "skipped") {
      const text = `update ${at}.dead_letters as d set retry_requested = true where d.tenant = $1 and d.consumer = $2 and d.position = $3`;
      await this.#query({ name: "tidemark_worker_retry_skipped", text }, [this.#tenant, consumer, position]);
    } else {
      const text = `select ${functionName(this.#context.schema, "request_next_dead_letter")}($1, $2, $3)::text`;
      await this.#query({ name: "tidemark_worker_retry", text }, [this.#tenant, consumer, toSafeInteger(row["stream"])]);
    }
    await this.#changed();
  }

  async discard(key: DeadLetterKey): Promise<void> {
    const row = await this.#row(key);
    const text = `select ${functionName(this.#context.schema, "discard_dead_letter")}($1, $2, $3)::text as found`;
    const [answer] = await this.#query({ name: "tidemark_worker_discard", text }, [this.#tenant, row["consumer"] ?? "", toSafeInteger(row["position"])]);
    if (answer?.["found"] !== "true") throw notFound(row["consumer"] ?? "", row["position"] ?? "");
    await this.#changed();
  }

  async history(query?: DeadLetterHistoryQuery): Promise<readonly ResolvedDeadLetter[]> {
    const { consumer = null, limit = 100 } = checkOptions(query, { consumer: checkConsumerName, limit: wholeNumber(1, 10_000) }, "query");
    const at = quoteIdentifier(this.#context.schema);
    const text = `
select h.consumer as consumer, h.position::text as position, h.event_id::text as event_id, s.name as stream_name, e.type as type, h.outcome as outcome,
       h.attempts::text as attempts, h.error_code as error_code, h.error_message as error_message,
       ${milliseconds("h.parked_at")} as parked_at, ${milliseconds("h.resolved_at")} as resolved_at
  from ${at}.dead_letter_history as h
  join ${at}.events as e on e.position = h.position
  join ${at}.streams as s on s.id = h.stream_id
 where h.tenant = $1 and ($2::text is null or h.consumer = $2)
 order by h.id desc
 limit $3`;
    const rows = await this.#query({ name: "tidemark_worker_letter_history", text }, [this.#tenant, consumer, limit]);
    return rows.map(resolvedLetter);
  }

  async #row(key: DeadLetterKey): Promise<TextRow> {
    const { consumer, position, eventId } = checkKey(key);
    const [row] = await this.#select("letter", "d.consumer = $2 and ($3::bigint is null or d.position = $3) and ($4::uuid is null or d.event_id = $4)", [
      consumer,
      position ?? null,
      eventId ?? null,
    ]);
    if (!row) throw notFound(consumer, `${position ?? eventId}`);
    return row;
  }

  #select(name: string, where: string, values: readonly Value[]): Promise<readonly TextRow[]> {
    const at = quoteIdentifier(this.#context.schema);
    const text = `
select d.consumer as consumer, d.state as state, d.retry_requested::text as retry_requested, d.attempts::text as attempts, d.stream_id::text as stream,
       d.error_code as error_code, d.error_message as error_message, d.error_stack as error_stack, ${milliseconds("d.parked_at")} as parked_at,
       s.name as stream_name, e.tenant as tenant, ${eventColumns}
  from ${at}.dead_letters as d
  join ${at}.events as e on e.position = d.position
  join ${at}.streams as s on s.id = d.stream_id
 where d.tenant = $1 and ${where}`;
    return this.#query({ name: `tidemark_worker_${name}`, text }, [this.#tenant, ...values]);
  }

  #query(statement: Statement, values: readonly Value[]): Promise<readonly TextRow[]> {
    return this.#context.database.query(statement, values);
  }
}

/** A letter may be given whole: of it, consumer and position count. */
function checkKey(key: DeadLetterKey): { readonly consumer: string; readonly position?: number; readonly eventId?: string } {
  const { consumer, position, eventId } = checkOptions(
    typeof key === "object" && key !== null && "event" in key && "position" in key ? { consumer: key.consumer, position: key.position } : key,
    keyShape,
    "key",
  );
  if (consumer === undefined) throw new InvalidArgumentError("key.consumer", "is missing");
  if (position !== undefined) return { consumer, position };
  if (eventId === undefined) throw new InvalidArgumentError("key", "needs a position or an eventId");
  return { consumer, eventId };
}

function notFound(consumer: string, key: string): NotFoundError {
  return new NotFoundError("dead letter", `${consumer} ${key}`, "It was handled or discarded, or never was one; store.deadLetters.list() names them.");
}

function deadLetter<E extends Event>(row: TextRow, decoder: EventDecoder): DeadLetter<E> {
  const { event, decodeError } = letterEvent(decodeLogEvent(row), decoder);
  const message = row["error_message"];
  const state = row["state"];
  return {
    consumer: row["consumer"] ?? "",
    position: event.position,
    eventId: event.id,
    state: state === "parked" || state === "skipped" ? state : "failed",
    retryRequested: row["retry_requested"] === "true",
    attempts: Number(row["attempts"]),
    error: message == null ? undefined : { code: row["error_code"] ?? undefined, message, stack: row["error_stack"] ?? undefined },
    parkedAt: new Date(Number(row["parked_at"])),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a type holds is the caller's promise
    event: event as RecordedEvent<E>,
    decodeError,
  };
}

function resolvedLetter(row: TextRow): ResolvedDeadLetter {
  const message = row["error_message"];
  const outcome = row["outcome"];
  return {
    consumer: row["consumer"] ?? "",
    position: toSafeInteger(row["position"]),
    eventId: row["event_id"] ?? "",
    streamId: row["stream_name"] ?? "",
    type: row["type"] ?? "",
    outcome: outcome === "discarded" || outcome === "reset" ? outcome : "handled",
    attempts: Number(row["attempts"]),
    error: message == null ? undefined : { code: row["error_code"] ?? undefined, message },
    parkedAt: new Date(Number(row["parked_at"])),
    resolvedAt: new Date(Number(row["resolved_at"])),
  };
}
