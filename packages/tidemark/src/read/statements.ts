import type { Statement } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { milliseconds } from "../database/milliseconds.ts";
import { eventColumns, uncastEventColumns } from "./decode.ts";
import type { FilterSql } from "./filter-sql.ts";
import { bound, filteredPageSql, onlyFilter, type PageShape, pageSql, smallPageSql } from "./page-statement.ts";
import { functionName } from "../schema/function-set.ts";

/** More shapes than this are a program that makes filters up; then all are forgotten rather than kept for ever. */
const maxShapes = 200;

const logColumns = "stream_name, e.tenant as tenant,";

const followColumns = `${logColumns} e.stream_id::text as stream_number,`;

/** Whether a snapshot is of this state version, and its events were read by this catalogue. */
const isOurs = "k.state_version = r.state_version and k.catalogue = r.catalogue";

/** A state is sent once, not with every event that follows it. */
const firstOfSnapshot = `${isOurs} and (e.version is null or e.version = k.version)`;

/** The placeholders of a shard: streams whose number modulo `of` is `index`. */
export interface ShardSql {
  readonly index: string;
  readonly of: string;
}

interface LogPage {
  readonly backward: boolean;
  readonly small: boolean;
  readonly allTenants: boolean;
  readonly filter: FilterSql | undefined;
  readonly sharded?: ShardSql | undefined;
  readonly columns: string;
}

/** The statements that read, by their shape. One object for each text: drivers remember what they prepared by object. */
export class ReadStatements {
  readonly #schema: string;
  readonly #headRequests: string;
  readonly #queryItems: string;
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
  /** $1 tenant, $2 after, $3 rows, $4 and $5 the lowest and the highest name, both inclusive. */
  readonly streams: Statement;
  /** The same, and $6 the category. */
  readonly streamsOfCategory: Statement;

  /** @param sizeClass - Part of every name: see `statements-by-size.ts`. */
  constructor(schema: string, largeEvents: number, sizeClass: number) {
    this.#schema = quoteIdentifier(schema);
    this.#headRequests = functionName(schema, "first_page_requests");
    this.#queryItems = functionName(schema, "query_items");
    this.#largeEvents = largeEvents;
    this.#sizeClass = sizeClass;
    this.streamInfo = this.#named("stream_info", `${this.#streamsSql("left join")} where s.tenant = $1 and s.name = $2`);
    this.eventById = this.#named(
      "event_by_id",
      `select ${logColumns} ${eventColumns} from ${this.#schema}.events as e ${this.#stream} where e.tenant = $1 and e.id = $2::uuid`,
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
    this.matchPage = this.#named("match", this.#matchSql());
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
   * @param kept - With the snapshot of each, where there is one. Events then begin with the last
   *   one that the snapshot holds. A row without an event tells of a snapshot, or that there is nothing.
   */
  heads(kept: boolean): Statement {
    return this.#page(`read_first_pages${kept ? "_snapshots" : ""}`, () =>
      kept
        ? this.#firstPagesFromSnapshotsSql(`${this.#headRequests}($1, $2, $3, $5, $6)`, "$4")
        : `
select r.n::text as n, ${eventColumns}
  from ${this.#headRequests}($1, $2, $3, '', '{}') as r
 cross join lateral (
    select e.* from ${this.#schema}.events as e
     where e.stream_id = ${this.#streamOf} and e.version > r.after and e.version <= r.until
     order by e.version
     limit $4
  ) as e`,
    );
  }

  /**
   * The same of one stream with its snapshot: $1 tenant, $2 stream, $3 after, $4 until, $5 kind and $6 name of the snapshot, $7 its
   * state version, $8 its catalogue, $9 the most rows. OFFSET 0 keeps values out of the plan, which is then the one for many.
   */
  firstPageFromSnapshot(): Statement {
    return this.#page("read_first_page_snapshot", () =>
      this.#firstPagesFromSnapshotsSql(
        `(select $1::text as tenant, $2::text as name, $3::bigint as after, $4::bigint as until, $5::text as kind, $6::text as snapshot, $7::integer as state_version, $8::text as catalogue, 1 as n offset 0)`,
        "$9",
      ),
    );
  }

  #firstPagesFromSnapshotsSql(requests: string, limit: string): string {
    return `
select r.n::text as n, k.state_version::text as snapshot_state_version,
       case when ${firstOfSnapshot} then k.version::text end as snapshot_version,
       case when ${firstOfSnapshot} then k.position::text end as snapshot_position,
       case when ${firstOfSnapshot} then k.event_id::text end as snapshot_event_id,
       case when ${firstOfSnapshot} then k.state::text end as snapshot_state,
       case when ${firstOfSnapshot} then k.patches::text end as snapshot_patches, ${eventColumns}
  from ${requests} as r
  left join lateral (
    select k.*
      from ${this.#schema}.snapshots as k
     where k.tenant = r.tenant and k.kind = r.kind and k.name = r.snapshot and k.key = r.name
     order by (${isOurs}) desc, k.state_version desc
     limit 1
  ) as k on true
  left join lateral (
    select e.* from ${this.#schema}.events as e
     where e.stream_id = ${this.#streamOf} and e.version <= r.until
       and e.version >= case when ${isOurs} then k.version else r.after + 1 end
     order by e.version
     limit ${limit}
  ) as e on true`;
  }

  get #streamOf(): string {
    return `(select s.id from ${this.#schema}.streams as s where s.tenant = r.tenant and s.name = r.name)`;
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

  #logPage(prefix: string, { backward, small, allTenants, filter, sharded, columns }: LogPage): Statement {
    const name = `${prefix}${small ? "_small" : ""}${allTenants ? "_tenants" : ""}${filter ? `_${filter.shape}` : ""}`;
    const lead = filter?.leadTag;
    const range = (row: string): string[] => [`${row}.position > $1`, bound(`${row}.position`, "<=", "$2::bigint")];
    const shape = (): PageShape => ({
      // Tags lead to their events one by one and in order, so that the statement ends as soon as the page is full.
      events:
        lead === undefined
          ? `${this.#schema}.events as e`
          : `${this.#schema}.event_tags as t cross join lateral (select e.* from ${this.#schema}.events as e where e.position = t.position offset 0) as e`,
      join: this.#stream,
      columns,
      where: [
        ...(lead === undefined ? range("e") : [...range("t"), "t.tenant = $4", `t.tag = ${lead}`]),
        // Through the index on (tenant, id) every page would read the whole log.
        ...(allTenants || lead !== undefined ? [] : [onlyFilter("e.tenant = $4")]),
        ...(filter ? [onlyFilter(filter.where)] : []),
        ...(sharded ? [onlyFilter(`e.stream_id % ${sharded.of} = ${sharded.index}`)] : []),
      ],
      key: "position",
      backward,
      after: "$1",
      until: "$2",
      rows: "$3",
      largeEvents: this.#largeEvents,
    });
    return this.#page(
      name,
      () => {
        if (small) return smallPageSql(shape(), lead === undefined ? "e" : "t");
        return filter || sharded ? filteredPageSql(shape(), lead === undefined ? "e" : "t") : pageSql(shape());
      },
      filter !== undefined,
    );
  }

  /** OFFSET 0 keeps it a look-up by key for each event, cached by the server: as a plain join it could become a scan of all streams. */
  get #stream(): string {
    return `cross join lateral (select s.name as stream_name, s.category from ${this.#schema}.streams as s where s.id = e.stream_id offset 0) as s`;
  }

  #streamsSql(join: "join" | "left join"): string {
    return `
select s.name as name, ${milliseconds("s.created_at")} as created_at, last.version::text as version, last.position::text as position
  from ${this.#schema}.streams as s
  ${join} lateral (select e.version, e.position from ${this.#schema}.events as e where e.stream_id = s.id order by e.version desc limit 1) as last on true`;
  }

  /** Each alternative is led by its rarest tag, and gives no more than the page can hold, so that no page looks at all of a tag's events. */
  #matchSql(): string {
    return `
select ${logColumns} ${eventColumns}
  from (
    select distinct found.position
      from ${this.#queryItems}($5, $6) as item
     cross join lateral (
       select t.position
         from ${this.#schema}.event_tags as t
        cross join lateral (
          select from ${this.#schema}.events as e
           where e.position = t.position
             and (item.types is null or e.type = any (item.types))
             and (pg_catalog.cardinality(item.tags) = 1 or e.tags operator(pg_catalog.@>) item.tags)
          offset 0
        ) as e
        where t.tenant = $4
          and t.tag = case when pg_catalog.cardinality(item.tags) = 1 then item.tags[1] else (${this.#rarestTagSql()}) end
          and t.position > $1 and ${bound("t.position", "<=", "$2::bigint")}
        order by t.position
        limit $3
     ) as found
     order by found.position
     limit $3
  ) as matching
 cross join lateral (select e.* from ${this.#schema}.events as e where e.position = matching.position offset 0) as e
 ${this.#stream}
 order by e.position`;
  }

  /** As the function `rarest_tag`, whose own plan would stay the one that was made for a tiny table. */
  #rarestTagSql(): string {
    return `
            select tag
              from pg_catalog.unnest(item.tags) with ordinality as each (tag, n)
             cross join lateral (
               select pg_catalog.count(*) as events
                 from (
                   select from ${this.#schema}.event_tags as c
                    where c.tenant = $4 and c.tag = each.tag and c.position > $1
                    order by c.position
                    limit 100
                 ) as carrying
             ) as counted
             order by events, n
             limit 1`;
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
