import { createHash } from "node:crypto";
import type { Statement } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { eventColumns, milliseconds } from "./decode.ts";
import type { FilterSql } from "./filter-sql.ts";
import { boundedPageSql, type PageShape, pageSql } from "./page-statement.ts";

/** A page in both forms: see `page-statement.ts`. */
export interface PageStatements {
  readonly plain: Statement;
  readonly bounded: Statement;
}

/** More shapes than this are a program that makes filters up; then all are forgotten rather than kept for ever. */
const maxShapes = 200;

/** The statements that read, by their shape. One object for each text: drivers remember what they prepared by object. */
export class ReadStatements {
  /** Quoted. */
  readonly schema: string;
  readonly #pages = new Map<string, PageStatements>();
  readonly #pageBytes: number;
  /** $1 tenant, $2 name. */
  readonly streamInfo: Statement;
  /** $1 tenant, $2 id. */
  readonly eventById: Statement;
  readonly lastPosition: Statement;
  /** $1 tenant, $2 after, $3 rows, $4 and $5 the lowest and the highest name, both inclusive. */
  readonly streams: Statement;
  /** The same, and $6 the category. */
  readonly streamsOfCategory: Statement;

  constructor(schema: string, pageBytes: number) {
    this.schema = quoteIdentifier(schema);
    this.#pageBytes = pageBytes;
    this.streamInfo = this.#named("stream_info", `${this.#streamsSql} where s.tenant = $1 and s.name = $2`);
    this.eventById = this.#named("event_by_id", `select ${this.#logColumns} ${eventColumns} from ${this.schema}.events as e where e.tenant = $1 and e.id = $2::uuid`);
    this.lastPosition = this.#named("last_position", `select coalesce(max(position), 0)::text as position from ${this.schema}.events`);
    const listed = `${this.#streamsSql} where s.tenant = $1 and s.name > $2 and s.name >= $4 and s.name <= $5 and last.version is not null`;
    this.streams = this.#named("streams", `${listed} order by s.name limit $3`);
    this.streamsOfCategory = this.#named("streams_of_category", `${listed} and s.category = $6 order by s.name limit $3`);
  }

  /** $1 tenant, $2 stream, $3 after, $4 until, $5 rows, and $6 `asOf` in milliseconds. */
  streamPage(backward: boolean, asOf: boolean): PageStatements {
    return this.#page(`read_stream_${backward ? "backward" : "forward"}${asOf ? "_as_of" : ""}`, () => ({
      columns: "",
      from: `${this.schema}.events as e`,
      where: [
        `e.stream_id = (select s.id from ${this.schema}.streams as s where s.tenant = $1 and s.name = $2)`,
        "e.version > $3 and e.version <= $4",
        ...(asOf ? ["e.recorded_at <= to_timestamp($6::float8 / 1000)"] : []),
      ],
      key: "version",
      keyOf: "e",
      backward,
      limit: "$5",
    }));
  }

  /** $1 after, $2 until, $3 rows, then the tenant unless all are read, then the filter's values. */
  logPage(backward: boolean, allTenants: boolean, filter: FilterSql | undefined): PageStatements {
    const name = `read_all_${backward ? "backward" : "forward"}${allTenants ? "_tenants" : ""}${filter ? `_${filter.shape}` : ""}`;
    const lead = filter?.lead;
    return this.#page(name, () => ({
      columns: this.#logColumns,
      // Tags lead to their events one by one and in order, so that the statement stops as soon as the page is full.
      from:
        lead === undefined
          ? `${this.schema}.events as e`
          : `${this.schema}.event_tags as t cross join lateral (select * from ${this.schema}.events as e where e.position = t.position offset 0) as e`,
      where: [
        ...(lead === undefined ? ["e.position > $1 and e.position <= $2"] : [`t.tenant = $4 and t.tag = ${lead} and t.position > $1 and t.position <= $2`]),
        ...(allTenants ? [] : ["e.tenant = $4"]),
        ...(filter ? [filter.where] : []),
      ],
      key: "position",
      keyOf: lead === undefined ? "e" : "t",
      backward,
      limit: "$3",
    }));
  }

  get #logColumns(): string {
    return `(select s.name from ${this.schema}.streams as s where s.id = e.stream_id) as stream_name, e.tenant as tenant,`;
  }

  get #streamsSql(): string {
    return `
select s.name as name, s.category as category, ${milliseconds("s.created_at")} as created_at, last.version::text as version, last.position::text as position
  from ${this.schema}.streams as s
  left join lateral (select e.version, e.position from ${this.schema}.events as e where e.stream_id = s.id order by e.version desc limit 1) as last on true`;
  }

  #page(name: string, shape: () => PageShape): PageStatements {
    const known = this.#pages.get(name);
    if (known) return known;
    if (this.#pages.size === maxShapes) this.#pages.clear();
    const page = shape();
    const statements = { plain: this.#named(name, pageSql(page)), bounded: this.#named(`${name}_bounded`, boundedPageSql(page, this.#pageBytes)) };
    this.#pages.set(name, statements);
    return statements;
  }

  /** At most 63 bytes: PostgreSQL cuts longer names silently, and two statements would be one. */
  #named(name: string, text: string): Statement {
    const digest = createHash("sha256").update(`${this.schema} ${name}`).digest("hex").slice(0, 12);
    return { name: `${`tidemark_${name}`.slice(0, 50)}_${digest}`, text };
  }
}
