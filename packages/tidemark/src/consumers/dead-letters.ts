import { checkBoolean, oneOf, wholeNumber } from "../arguments/checks.ts";
import { checkConsumerName } from "../arguments/names.ts";
import { checkOptions } from "../arguments/options.ts";
import { checkUuid } from "../arguments/uuid.ts";
import type { Statement, TextRow, Value } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { planned } from "../database/planned.ts";
import { toSafeInteger } from "../database/number.ts";
import { keepCallers } from "../errors/caller-frames.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { NotFoundError } from "../errors/following.ts";
import type { Event } from "../model/event.ts";
import { milliseconds } from "../database/milliseconds.ts";
import { eventColumns } from "../read/decode.ts";
import { entryAtSql } from "../read/entry-at-sql.ts";
import type { DeadLetter, DeadLetterHistoryQuery, DeadLetterKey, DeadLetterQuery, DeadLetters, ResolvedDeadLetter } from "./dead-letter.ts";
import { deadLetter, resolvedLetter } from "./dead-letter-rows.ts";
import type { AdministrationScope } from "../runtime/administration-scope.ts";
import { functionName } from "../schema/function-set.ts";

const checkKind = oneOf("consumer", "relay");
const listShape = {
  consumer: checkConsumerName,
  kind: checkKind,
  state: oneOf("failed", "parked", "skipped"),
  after: wholeNumber(0),
  limit: wholeNumber(1, 10_000),
  raw: checkBoolean,
};
const keyShape = { consumer: checkConsumerName, kind: checkKind, position: wholeNumber(1), eventId: checkUuid };

export class StoreDeadLetters implements DeadLetters {
  readonly #scope: AdministrationScope;

  static {
    keepCallers(this);
  }

  constructor(scope: AdministrationScope) {
    this.#scope = scope;
  }

  async list<E extends Event = Event>(query?: DeadLetterQuery): Promise<readonly DeadLetter<E>[]> {
    const { consumer = null, kind = null, state = null, after = 0, limit = 100, raw } = checkOptions(query, listShape, "query");
    const decoder = this.#scope.context.codec.decoder({ raw, skipNothing: true });
    const where =
      "($2::text is null or coalesce(c.owner_name, c.name) = $2) and ($6::text is null or c.kind = $6) and ($3::text is null or d.state = $3) and d.position > $4 order by d.consumer, d.position limit $5";
    return (await this.#select("letters", where, [consumer, state, after, limit, kind])).map((row) => deadLetter<E>(row, decoder));
  }

  async get<E extends Event = Event>(key: DeadLetterKey, options?: { readonly raw?: boolean }): Promise<DeadLetter<E>> {
    const { raw } = checkOptions(options, { raw: checkBoolean });
    return deadLetter<E>(await this.#row(key), this.#scope.context.codec.decoder({ raw, skipNothing: true }));
  }

  async retry(key: DeadLetterKey): Promise<void> {
    const row = await this.#row(key);
    const at = quoteIdentifier(this.#scope.context.schema);
    const [consumer, position] = [row["follower"] ?? "", toSafeInteger(row["position"])];
    if (row["state"] === "skipped") {
      const text = `update ${at}.dead_letters as d set retry_requested = true where d.tenant = $1 and d.consumer = $2 and d.position = $3`;
      await this.#query(planned("worker_retry_skipped", text), [this.#scope.tenant, consumer, position]);
    } else {
      const text = `select ${functionName(this.#scope.context.schema, "request_next_dead_letter")}($1, $2, $3)::text`;
      await this.#query({ name: "tidemark_worker_retry", text }, [this.#scope.tenant, consumer, row["lane"] ?? ""]);
    }
    await this.#scope.changed();
  }

  async discard(key: DeadLetterKey): Promise<void> {
    const row = await this.#row(key);
    const text = `select ${functionName(this.#scope.context.schema, "discard_dead_letter")}($1, $2, $3)::text as found`;
    const [answer] = await this.#query({ name: "tidemark_worker_discard", text }, [this.#scope.tenant, row["follower"] ?? "", toSafeInteger(row["position"])]);
    if (answer?.["found"] !== "true") throw notFound(row["consumer"] ?? "", row["position"] ?? "");
    await this.#scope.changed();
  }

  async history(query?: DeadLetterHistoryQuery): Promise<readonly ResolvedDeadLetter[]> {
    const {
      consumer = null,
      kind = null,
      limit = 100,
    } = checkOptions(query, { consumer: checkConsumerName, kind: checkKind, limit: wholeNumber(1, 10_000) }, "query");
    const at = quoteIdentifier(this.#scope.context.schema);
    const text = `
select coalesce(c.owner_name, c.name) as consumer, c.kind as kind, h.position::text as position, h.event_id::text as event_id, coalesce(e.stream_name, '') as stream_name, coalesce(e.type, '') as type, h.outcome as outcome,
       h.attempts::text as attempts, h.error_code as error_code, h.error_message as error_message,
       ${milliseconds("h.parked_at")} as parked_at, ${milliseconds("h.resolved_at")} as resolved_at
  from ${at}.dead_letter_history as h
  join ${at}.consumers as c on c.tenant = h.tenant and c.name = h.consumer
  left join lateral ${entryAtSql(at, "h.position")} as e on true
 where h.tenant = $1 and ($2::text is null or coalesce(c.owner_name, c.name) = $2) and ($4::text is null or c.kind = $4)
 order by h.id desc
 limit $3`;
    const rows = await this.#query(planned("worker_letter_history", text), [this.#scope.tenant, consumer, limit, kind]);
    return rows.map(resolvedLetter);
  }

  async #row(key: DeadLetterKey): Promise<TextRow> {
    const { consumer, kind, position, eventId } = checkKey(key);
    // Two texts: one condition for both would fit no index.
    const which = position === undefined ? "d.event_id = $4::uuid" : "d.position = $4::bigint";
    const [row] = await this.#select("letter", `coalesce(c.owner_name, c.name) = $2 and c.kind = $3 and ${which}`, [
      consumer,
      kind,
      position ?? eventId ?? null,
    ]);
    if (!row) throw notFound(consumer, `${position ?? eventId}`);
    return row;
  }

  #select(name: string, where: string, values: readonly Value[]): Promise<readonly TextRow[]> {
    const at = quoteIdentifier(this.#scope.context.schema);
    const text = `
select coalesce(c.owner_name, c.name) as consumer, c.kind as kind, d.consumer as follower, d.lane as lane, d.state as state, d.retry_requested::text as retry_requested, d.attempts::text as attempts,
       d.error_code as error_code, d.error_message as error_message, d.error_stack as error_stack, ${milliseconds("d.parked_at")} as parked_at,
       e.stream_name as stream_name, e.tenant as tenant, ${eventColumns}
  from ${at}.dead_letters as d
  join ${at}.consumers as c on c.tenant = d.tenant and c.name = d.consumer
  cross join lateral ${entryAtSql(at, "d.position")} as e
 where d.tenant = $1 and ${where}`;
    return this.#query(planned(`worker_${name}`, text), [this.#scope.tenant, ...values]);
  }

  #query(statement: Statement, values: readonly Value[]): Promise<readonly TextRow[]> {
    return this.#scope.context.database.query(statement, values);
  }
}

/** A letter may be given whole: of it, consumer and position count. */
function checkKey(key: DeadLetterKey): {
  readonly consumer: string;
  readonly kind: "consumer" | "relay";
  readonly position?: number;
  readonly eventId?: string;
} {
  const {
    consumer,
    kind = "consumer",
    position,
    eventId,
  } = checkOptions(
    typeof key === "object" && key !== null && "event" in key && "position" in key ? { consumer: key.consumer, kind: key.kind, position: key.position } : key,
    keyShape,
    "key",
  );
  if (consumer === undefined) throw new InvalidArgumentError("key.consumer", "is missing");
  if (position !== undefined) return { consumer, kind, position };
  if (eventId === undefined) throw new InvalidArgumentError("key", "needs a position or an eventId");
  return { consumer, kind, eventId };
}

function notFound(consumer: string, key: string): NotFoundError {
  return new NotFoundError("dead letter", `${consumer} ${key}`, "It was handled or discarded, or never was one; store.deadLetters.list() names them.");
}
