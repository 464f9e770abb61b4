import { oneOf, wholeNumber } from "../arguments/checks.ts";
import { checkEventType, checkMessageKey } from "../arguments/names.ts";
import { checkOptions } from "../arguments/options.ts";
import type { Queryable, TextRow } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { milliseconds } from "../database/milliseconds.ts";
import { toSafeInteger } from "../database/number.ts";
import { keepCallers } from "../errors/caller-frames.ts";
import { functionName } from "../schema/function-set.ts";
import type { CleanUpOptions, MessageState, Outbox, OutboxMessage, OutboxQuery, OutboxStats } from "./outbox.ts";

const weekMs = 7 * 24 * 60 * 60 * 1_000;
const batchSize = 1_000;
const listShape = {
  state: oneOf("pending", "published", "failed", "parked"),
  topic: checkEventType,
  key: checkMessageKey,
  after: wholeNumber(0),
  limit: wholeNumber(1, 10_000),
};

/** The outbox of one tenant. */
export class StoreOutbox implements Outbox {
  readonly #database: Queryable;
  readonly #schema: string;
  readonly #tenant: string;

  static {
    keepCallers(this);
  }

  constructor(database: Queryable, schema: string, tenant: string) {
    this.#database = database;
    this.#schema = schema;
    this.#tenant = tenant;
  }

  async list(query?: OutboxQuery): Promise<readonly OutboxMessage[]> {
    const { state = null, topic = null, key = null, after = 0, limit = 100 } = checkOptions(query, listShape, "query");
    const text = `
select m.*
  from (${this.#messages}) as m
 where m.at > $2::bigint and ($3::text is null or m.state = $3::text) and ($4::text is null or m.topic = $4::text) and ($5::text is null or m.key = $5::text)
 order by m.at
 limit $6`;
    const rows = await this.#database.query({ name: "tidemark_outbox_list", text, unprepared: true }, [this.#tenant, after, state, topic, key, limit]);
    return rows.map(outboxMessage);
  }

  async stats(): Promise<OutboxStats> {
    const text = `
select m.state as state, pg_catalog.count(*)::text as messages, pg_catalog.min(m.published_at::bigint)::text as oldest
  from (${this.#messages}) as m
 group by m.state`;
    const rows = await this.#database.query({ name: "tidemark_outbox_stats", text, unprepared: true }, [this.#tenant]);
    const count = (state: MessageState): number => toSafeInteger(rows.find((row) => row["state"] === state)?.["messages"] ?? "0");
    const oldest = rows.find((row) => row["state"] === "pending")?.["oldest"];
    return {
      pending: count("pending"),
      published: count("published"),
      failed: count("failed"),
      parked: count("parked"),
      oldestPendingAt: oldest == null ? undefined : new Date(toSafeInteger(oldest)),
    };
  }

  async cleanUp(options?: CleanUpOptions): Promise<number> {
    const { keepMs = weekMs } = checkOptions(options, { keepMs: wholeNumber(0, 315_619_200_000) });
    const statement = { name: "tidemark_outbox_clean_up", text: `select ${functionName(this.#schema, "forget_messages")}($1, $2, $3)::text as removed` };
    let removed = 0;
    for (let last = batchSize; last === batchSize; removed += last) {
      const [row] = await this.#database.query(statement, [this.#tenant === "" ? null : this.#tenant, keepMs, batchSize]);
      last = toSafeInteger(row?.["removed"]);
    }
    return removed;
  }

  /** The messages of tenant `$1`, each with its state. */
  get #messages(): string {
    const at = quoteIdentifier(this.#schema);
    const letter = (state: string): string =>
      `exists (select from ${at}.dead_letters as d where d.position = o.position and d.event_id = o.id and d.state = '${state}'::text)`;
    return `
select o.position::text as position, o.position as at, o.id::text as id, o.topic as topic, o.key as key, o.payload::text as payload, o.headers::text as headers,
       ${milliseconds("o.published_at")} as published_at,
       case when ${letter("failed")} then 'failed'::text when ${letter("parked")} then 'parked'::text
            when o.position <= reached.position then 'published'::text else 'pending'::text end as state
  from ${at}.outbox as o
  cross join (
    select pg_catalog.min(s.position) as position
      from ${at}.consumers as c
      join ${at}.consumer_shards as s on s.tenant = c.tenant and s.consumer = c.name
     where c.source = 'outbox'::text and (c.tenant = $1::text or c.definition operator(pg_catalog.->>) 'tenants'::text = 'all'::text)
  ) as reached
 where o.tenant = $1::text`;
  }
}

function outboxMessage(row: TextRow): OutboxMessage {
  const state = row["state"];
  return {
    id: row["id"] ?? "",
    position: toSafeInteger(row["position"]),
    topic: row["topic"] ?? "",
    key: row["key"] ?? "",
    payload: JSON.parse(row["payload"] ?? "null"),
    headers: JSON.parse(row["headers"] ?? "{}"),
    publishedAt: new Date(toSafeInteger(row["published_at"])),
    state: state === "published" || state === "failed" || state === "parked" ? state : "pending",
  };
}
