import type { Queryable, Statement } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import { toSafeInteger } from "../../database/number.ts";
import { quotedTable } from "../../documents/collection.ts";
import { decodeRow, type StoredDocument } from "../../documents/collection-table.ts";
import { type DefinedDocumentProjection, followerOf } from "../defined-projection.ts";
import { type Bucket, bucketSql } from "./bucket.ts";

/** How large a collection is: its documents of the tenant that is meant, and the bytes of its table. */
export interface CollectionSize {
  readonly documents: number;
  readonly bytes: number;
}

/** Documents, and the events that they are made of. */
export interface PlacedDocuments {
  readonly stored: readonly StoredDocument[];
  /** Those after this position, where its follower began, and all up to the next; undefined where no worker ever followed it. */
  readonly after: number;
  readonly until: number | undefined;
  /** And those at these positions beyond it: appends write the documents at once, in whatever order they commit. */
  readonly beyond: ReadonlySet<number>;
}

/** A collection's documents by bucket; `tenant` undefined: of all tenants. */
export class StoredBuckets {
  readonly #size: Statement;
  readonly #load: Statement;
  readonly #loadWithPlace: Statement;
  readonly #tenant: string | null;
  readonly #identity: readonly [string, string, string, number];

  /** @param follower - The tenant that its follower is registered for. */
  constructor(schema: string, projection: DefinedDocumentProjection, { tenant, follower }: { readonly tenant: string | undefined; readonly follower: string }) {
    const table = quotedTable(schema, projection);
    this.#tenant = tenant ?? null;
    this.#identity = [follower, followerOf(projection), projection.name, projection.version];
    this.#size = {
      name: "tidemark_collection_size",
      text: `
select pg_catalog.count(*)::text as documents, pg_catalog.pg_table_size('${table.replaceAll("'", "''")}'::regclass)::text as bytes
  from ${table} as d
 where not d._archived and ($1::text is null or d._partition = $1)`,
    };
    const bucket = `
select d._partition::text as tenant, d._id::text as id, d._version::text as version, d.data::text as data, null::text as started, null::text as reached, null::text as beyond
  from ${table} as d
 where ${bucketSql} and not d._archived and ($3::text is null or d._partition = $3)`;
    this.#load = { name: "tidemark_collection_bucket", text: bucket };
    const at = quoteIdentifier(schema);
    this.#loadWithPlace = {
      name: "tidemark_collection_bucket_and_place",
      text: `${bucket}
 union all
select null, null, null, null,
       (select c.started_after from ${at}.consumers as c where c.tenant = $4 and c.name = $5)::text,
       case when p.state = 'live' then $8::bigint else (select pg_catalog.min(s.position) from ${at}.consumer_shards as s where s.tenant = $4 and s.consumer = $5) end::text,
       case when p.state = 'live' then (select pg_catalog.string_agg(e.position::text, ',') from ${at}.events as e where e.position > $8::bigint) end
  from ${at}.projections as p
 where p.name = $6 and p.version = $7::integer`,
    };
  }

  async size(queryable: Queryable): Promise<CollectionSize> {
    const [row] = await queryable.query(this.#size, [this.#tenant]);
    return { documents: toSafeInteger(row?.["documents"]), bytes: toSafeInteger(row?.["bytes"]) };
  }

  async load(queryable: Queryable, { index, of }: Bucket): Promise<readonly StoredDocument[]> {
    return (await queryable.query(this.#load, [of, index, this.#tenant])).map(decodeRow);
  }

  /**
   * The same while others write, with the place in the log where these documents are: of one statement, and so of one snapshot.
   *
   * @param mark - A high-water mark, read before.
   */
  async loadWithPlace(queryable: Queryable, { index, of }: Bucket, mark: number): Promise<PlacedDocuments> {
    const rows = await queryable.query(this.#loadWithPlace, [of, index, this.#tenant, ...this.#identity, mark]);
    const place = rows.find(({ id }) => id == null);
    return {
      stored: rows.filter((row) => row !== place).map(decodeRow),
      after: place?.["started"] == null ? 0 : toSafeInteger(place["started"]),
      until: place?.["reached"] == null ? undefined : toSafeInteger(place["reached"]),
      beyond: new Set(place?.["beyond"]?.split(",").map(Number)),
    };
  }
}
