import type { Statement } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { milliseconds } from "../database/milliseconds.ts";
import { boundaryPageSql } from "./boundary-sql.ts";
import { causesSql, correlationPageSql, countedEffectsSql, effectsSql, indexStateSql } from "./causation-sql.ts";
import { eventColumns, uncastEventColumns } from "./decode.ts";
import type { FilterSql } from "./filter-sql.ts";
import { firstPagesFromSnapshotsSql, firstPagesSql } from "./first-pages-sql.ts";
import { followColumns, logColumns, streamJoin } from "./log-columns.ts";
import { type LogPage, logPageSql, type ShardSql } from "./log-page-sql.ts";
import { type PageShape, pageSql, smallPageSql } from "./page-statement.ts";
import { functionName } from "../schema/function-set.ts";

/** More shapes than this are a program that makes filters up; then all are forgotten rather than kept for ever. */
const maxShapes = 200;

/** The statements that read, by their shape. One object for each text: drivers remember what they prepared by object. */
export class ReadStatements {
  /** The name of the store's schema. */
  readonly schema: string;
  readonly #schema: string;
  readonly #headRequests: string;
  readonly #largeEvents: number;
  readonly #sizeClass: number;
  readonly #pages = new Map<string, Statement>();
  /** $1 tenant, $2 name. */
  readonly streamInfo: Statement;
  /** $1 tenant, $2 id. */
  readonly eventById: Statement;
  readonly lastPosition: Statement;
  /** The last event at or below a position: $1. */
  readonly lastEvent: Statement;
  /** What stands at position $1, where the log ends, and whether this is a standby, whose log may still be behind. */
  readonly eventAt: Statement;
  /** The first and the last position of a range: $1 after, exclusive, $2 until, inclusive. */
  readonly positionAfter: Statement;
  readonly positionBefore: Statement;
  /**
   * From where to read what was recorded at or after $1, in milliseconds: $2, or a place above it up to which there is none. Null:
   * there is none at all. Where the next event is late enough, nothing is looked for: a reader that goes on is there already.
   */
  readonly positionSince: Statement;
  /**
   * Events that match one of several alternatives, each with a tag: $1 after, $2 until, $3 rows, $4 tenant, $5 types and $6 tags
   * of each alternative, joined by U+001E, the names of one by U+001F.
   */
  readonly matchPage: Statement;
  /** The state of an index: $1 name. */
  readonly indexState: Statement;
  /** See `causation-sql.ts`. */
  readonly causes: Statement;
  readonly effects: Statement;
  readonly countedEffects: Statement;
  /** $1 tenant, $2 after, $3 rows, $4 and $5 the lowest and the highest name, both inclusive. */
  readonly streams: Statement;
  /** The same, and $6 the category. */
  readonly streamsOfCategory: Statement;

  /** @param sizeClass - Part of every name: see `statements-by-size.ts`. */
  constructor(schema: string, largeEvents: number, sizeClass: number) {
    this.schema = schema;
    this.#schema = quoteIdentifier(schema);
    this.#headRequests = functionName(schema, "first_page_requests");
    this.#largeEvents = largeEvents;
    this.#sizeClass = sizeClass;
    this.streamInfo = this.#named("stream_info", `${this.#streamsSql("left join")} where s.tenant = $1 and s.name = $2`);
    this.eventById = this.#named(
      "event_by_id",
      `select ${logColumns} ${eventColumns} from ${this.#schema}.events as e ${streamJoin(this.#schema)} where e.tenant = $1 and e.id = $2::uuid`,
    );
    const inRange = `from ${this.#schema}.events where position > $1 and position <= $2`;
    this.positionAfter = this.#named("position_after", `select pg_catalog.min(position)::text as position ${inRange}`);
    this.positionBefore = this.#named("position_before", `select pg_catalog.max(position)::text as position ${inRange}`);
    this.lastPosition = this.#named("last_position", `select coalesce(pg_catalog.max(position), 0)::text as position from ${this.#schema}.events`);
    this.lastEvent = this.#named(
      "last_event",
      `select position::text as position, id::text as id from ${this.#schema}.events where position <= $1 order by events.position desc limit 1`,
    );
    this.eventAt = this.#named(
      "event_at",
      `select (select id from ${this.#schema}.events where position = $1)::text as id,
              (select coalesce(pg_catalog.max(position), 0) from ${this.#schema}.events)::text as last_position,
              pg_catalog.pg_is_in_recovery()::text as in_recovery`,
    );
    this.positionSince = this.#named(
      "position_since",
      `
select case when (select e.recorded_at from ${this.#schema}.events as e where e.position > $2::bigint order by e.position limit 1)
                 >= pg_catalog.to_timestamp($1::float8 / 1000::float8)
            then $2::bigint
            else ${functionName(schema, "position_since")}($1::float8, $2::bigint)
       end::text as position`,
    );
    this.matchPage = this.#named("match", boundaryPageSql(this.#schema, functionName(schema, "query_items")));
    this.indexState = this.#named("index_state", indexStateSql(this.#schema));
    this.causes = this.#named("causes", causesSql(this.#schema));
    this.effects = this.#named("effects", effectsSql(this.#schema));
    this.countedEffects = this.#named("counted_effects", countedEffectsSql(this.#schema));
    const listed = `${this.#streamsSql("join")} where s.tenant = $1 and s.name > $2 and s.name >= $4 and s.name <= $5`;
    this.streams = this.#named("streams", `${listed} order by s.name limit $3`);
    this.streamsOfCategory = this.#named("streams_of_category", `${listed} and s.category = $6 order by s.name limit $3`);
  }

  /** $1 tenant, $2 stream, $3 after, $4 until, $5 rows, and $6 `asOf` in milliseconds. @param small - For few rows: see `smallPageSql`. */
  streamPage(backward: boolean, small: boolean, asOf: boolean): Statement {
    const name = `read_stream_${backward ? "backward" : "forward"}${small ? "_small" : ""}${asOf ? "_as_of" : ""}`;
    const shape = (): PageShape => ({
      events: `${this.#schema}.events as e`,
      join: "",
      columns: "",
      where: [
        `e.stream_id = (select s.id from ${this.#schema}.streams as s where s.tenant = $1 and s.name = $2)`,
        "e.version > $3 and e.version <= $4",
        ...(asOf ? ["e.recorded_at <= pg_catalog.to_timestamp($6::float8 / 1000::float8)"] : []),
      ],
      key: "version",
      backward,
      after: "$3",
      until: "$4",
      rows: "$5",
      largeEvents: this.#largeEvents,
    });
    return this.#page(name, () => (small ? smallPageSql(shape()) : pageSql(shape())));
  }

  /**
   * The beginnings of ranges of many streams. $1, $2, $3, $5 and $6 as `first_page_requests.sql` takes them, $4 the most rows of each.
   *
   * @param fromSnapshots - With the snapshot of each, where there is one. Events then begin with the last
   *   one that the snapshot holds. A row without an event tells of a snapshot, or that there is nothing.
   */
  firstPages(fromSnapshots: boolean): Statement {
    return this.#page(`read_first_pages${fromSnapshots ? "_snapshots" : ""}`, () =>
      fromSnapshots
        ? firstPagesFromSnapshotsSql(this.#schema, `${this.#headRequests}($1, $2, $3, $5, $6)`, "$4")
        : firstPagesSql(this.#schema, `${this.#headRequests}($1, $2, $3, '', '{}')`, "$4"),
    );
  }

  /**
   * The same of one stream with its snapshot: $1 tenant, $2 stream, $3 after, $4 until, $5 kind and $6 name of the snapshot, $7 its
   * state version, $8 its catalogue, $9 the most rows. OFFSET 0 keeps values out of the plan, which is then the one for many.
   */
  firstPageFromSnapshot(): Statement {
    return this.#page("read_first_page_snapshot", () =>
      firstPagesFromSnapshotsSql(
        this.#schema,
        `(select $1::text as tenant, $2::text as name, $3::bigint as after, $4::bigint as until, $5::text as kind, $6::text as snapshot, $7::integer as state_version, $8::text as catalogue, 1 as n offset 0)`,
        "$9",
      ),
    );
  }

  /** $1 after, $2 until, $3 rows, $4 tenant, $5 the correlation id. */
  correlationPage(backward: boolean, small: boolean): Statement {
    const name = `read_correlation_${backward ? "backward" : "forward"}${small ? "_small" : ""}`;
    return this.#page(name, () => correlationPageSql(this.#schema, { backward, small, largeEvents: this.#largeEvents }));
  }

  /** $1 after, $2 until, $3 rows, then the tenant unless all are read, then the filter's values. */
  logPage(backward: boolean, small: boolean, allTenants: boolean, filter: FilterSql | undefined): Statement {
    return this.#logPage(`read_all_${backward ? "backward" : "forward"}`, { backward, small, allTenants, filter, columns: logColumns });
  }

  /** As `logPage`, forward, with the number of each event's stream, and only of the streams that are `sharded` where it is given. */
  followPage(small: boolean, allTenants: boolean, filter: FilterSql | undefined, sharded: ShardSql | undefined): Statement {
    const name = `follow${sharded ? "_sharded" : ""}`;
    return this.#logPage(name, { backward: false, small, allTenants, filter, sharded, columns: followColumns });
  }

  #logPage(prefix: string, page: LogPage): Statement {
    const { small, allTenants, filter } = page;
    const name = `${prefix}${small ? "_small" : ""}${allTenants ? "_tenants" : ""}${filter ? `_${filter.shape}` : ""}`;
    return this.#page(name, () => logPageSql(this.#schema, this.#largeEvents, page), filter !== undefined);
  }

  #streamsSql(join: "join" | "left join"): string {
    return `
select s.name as name, ${milliseconds("s.created_at")} as created_at, last.version::text as version, last.position::text as position
  from ${this.#schema}.streams as s
  ${join} lateral (select e.version, e.position from ${this.#schema}.events as e where e.stream_id = s.id order by e.version desc limit 1) as last on true`;
  }

  #page(name: string, sql: () => string, varies = false): Statement {
    const known = this.#pages.get(name);
    if (known) return known;
    if (this.#pages.size === maxShapes) this.#pages.clear();
    const statement: Statement = { ...this.#named(name, sql()), ...(varies && { varies }) };
    this.#pages.set(name, statement);
    return statement;
  }

  #named(name: string, text: string): Statement {
    return { name: `tidemark_${name}`, sizeClass: this.#sizeClass, text, uncast: text.replaceAll(eventColumns, uncastEventColumns) };
  }
}
