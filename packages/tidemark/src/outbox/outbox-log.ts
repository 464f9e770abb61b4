import type { Queryable, Statement, TextRow } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { milliseconds } from "../database/milliseconds.ts";
import { toSafeInteger } from "../database/number.ts";
import type { Found, Log, PagePace, Place, RowPages, Wanted } from "../feed/log-pages.ts";
import { placeOf } from "../feed/log-pages.ts";
import { rowFilter, SharedRow } from "../feed/row-filter.ts";
import { defaultPageLimits } from "../read/page-size.ts";
import { RangePages } from "../read/range-pages.ts";

/** A message of the outbox as a row of the log: its topic is the type, its key the stream, its headers the metadata. */
const messageColumns = `
  o.position::text as position, '0' as version, o.id::text as id, ${milliseconds("o.published_at")} as recorded_at, '1' as schema_version,
  o.topic as type, o.payload::text as data, o.headers::text as metadata, '' as tags, o.key as stream_name, o.tenant as tenant, '0' as stream_number`;

/** The outbox as followers read it. */
export class OutboxLog implements Log {
  readonly #queryable: Queryable;
  readonly #page: Statement;
  readonly #lastMessage: Statement;
  readonly #find: Statement;

  constructor(queryable: Queryable, schema: string) {
    const outbox = `${quoteIdentifier(schema)}.outbox`;
    this.#queryable = queryable;
    this.#page = {
      name: "tidemark_outbox_page",
      // Unprepared: a plan from when the table was empty would scan it.
      unprepared: true,
      text: `
select ${messageColumns}
  from ${outbox} as o
 where o.position > $1::bigint and o.position <= $2::bigint and ($4::text is null or o.tenant = $4::text)
 order by o.position
 limit $3`,
    };
    this.#lastMessage = {
      name: "tidemark_outbox_last",
      unprepared: true,
      text: `select o.position::text as position, o.id::text as id from ${outbox} as o where o.position <= $1 order by o.position desc limit 1`,
    };
    this.#find = {
      name: "tidemark_outbox_find",
      unprepared: true,
      text: `
select (select o.id from ${outbox} as o where o.position = $1)::text as id,
       coalesce((select o.position from ${outbox} as o order by o.position desc limit 1), 0)::text as last_position,
       pg_catalog.pg_is_in_recovery()::text as in_recovery`,
    };
  }

  open(after: number, until: number, wanted: Wanted, signal: AbortSignal, pace?: PagePace): RowPages {
    const matches = rowFilter({ ...wanted, tenant: undefined });
    const pages = new RangePages<TextRow>({
      backward: false,
      limit: Number.POSITIVE_INFINITY,
      signal,
      windowed: false,
      limits: defaultPageLimits,
      ...(pace && { mostRows: () => pace.mostRows() }),
      bounds: () => ({ after, until }),
      fetch: (range, rows) => this.#queryable.query(this.#page, [range.after, range.until, rows, wanted.tenant ?? null], { signal }),
      decode: (row, into) => void (matches(new SharedRow(row)) && into.push(row)),
      key: (row) => toSafeInteger(row["position"]),
    });
    return {
      async next() {
        const page = await pages.next();
        return { rows: page.decode().items, reached: pages.reached ?? after, last: page.last };
      },
    };
  }

  async lastEvent(position: number, signal: AbortSignal): Promise<Place> {
    const [row] = await this.#queryable.query(this.#lastMessage, [position], { signal });
    return row ? placeOf(row) : { position: 0, id: null };
  }

  async find(position: number, signal: AbortSignal): Promise<Found> {
    const [row] = await this.#queryable.query(this.#find, [position], { signal });
    return { id: row?.["id"] ?? undefined, lastPosition: toSafeInteger(row?.["last_position"]), inRecovery: row?.["in_recovery"] === "true" };
  }
}
