import pg from "pg";
import { plainEvents } from "../../src/catalogue/event-codec.ts";
import type { Queryable } from "../../src/database/database.ts";
import { categoryOf, type RecordedEvent } from "../../src/model/event.ts";
import type { PageLimits } from "../../src/read/page-size.ts";
import { Reader } from "../../src/read/reader.ts";
import { StatementsBySize } from "../../src/read/statements-by-size.ts";
import { migrationSql } from "../../src/schema/migration-sql.ts";
import { open } from "../database/open.ts";
import { asSuperuser, createStoreAsOwner, testRole } from "../support/role.ts";
import { testWithoutSchema as base } from "../support/test.ts";

/** What a reader gives back for `events`, as a plain array to compare with. */
export type Model = readonly RecordedEvent[];

/** What matters of an event to write; the rest is made up. */
export interface Sketch {
  readonly streamId: string;
  readonly type?: string;
  readonly data?: unknown;
  readonly metadata?: RecordedEvent["metadata"];
  readonly tags?: readonly string[];
  readonly tenant?: string;
  readonly recordedAt?: Date;
  /** Positions left out before it. */
  readonly gap?: number;
}

/** Small enough that every reading of a few events has page boundaries in every place. */
export const tinyPages: PageLimits = { firstRows: 2, maxRows: 3, bytes: 1_000_000, largeEvents: 2 };

export interface ReaderChoice {
  readonly tenant?: string;
  /** What the feed would say. */
  readonly mark?: number | (() => Promise<number>);
  readonly pages?: PageLimits;
  /** Those of a store that has other readers, too. */
  readonly statements?: StatementsBySize;
  readonly queryable?: Queryable;
}

export interface Log {
  readonly database: Awaited<ReturnType<typeof open>>["database"];
  /** The schema, quoted. */
  readonly schema: string;
  /** Writes events as appends would have. The model holds them as they are to come back. */
  write(sketches: readonly Sketch[]): Promise<Model>;
  /** The mark is the last position unless another one is given. */
  reader(choice?: ReaderChoice): Reader;
}

const started = Date.UTC(2026, 0, 1);

/** Expected events, with versions and positions counted up. */
function model(sketches: readonly Sketch[]): Model {
  const versions = new Map<string, number>();
  let position = 0;
  return sketches.map(({ streamId, type = "Happened", data = {}, metadata = {}, tags = [], tenant = "", recordedAt, gap = 0 }, index) => {
    position += 1 + gap;
    const key = `${tenant} ${streamId}`;
    const version = (versions.get(key) ?? 0) + 1;
    versions.set(key, version);
    const id = `00000000-0000-7000-8000-${(index + 1).toString(16).padStart(12, "0")}`;
    return {
      type,
      data,
      metadata,
      tags,
      id,
      streamId,
      category: categoryOf(streamId),
      version,
      position,
      recordedAt: recordedAt ?? new Date(started + index),
      schemaVersion: 1,
      tenant,
    };
  });
}

async function insert(sql: pg.Pool, schema: string, events: Model): Promise<void> {
  const json = JSON.stringify(
    events.map((event) => ({
      ...event,
      metadata: Object.keys(event.metadata).length === 0 ? null : event.metadata,
      tags: event.tags.length === 0 ? null : event.tags,
    })),
  );
  const rows = `jsonb_to_recordset($1::jsonb) as e ("streamId" text, tenant text, version bigint, position bigint, id uuid, type text, data jsonb, metadata jsonb, tags text[], "recordedAt" timestamptz)`;
  await sql.query(`insert into ${schema}.streams (tenant, name) select distinct tenant, "streamId" from ${rows}`, [json]);
  await sql.query(
    `insert into ${schema}.events (position, stream_id, version, id, recorded_at, tenant, type, data, metadata, tags)
     select e.position, s.id, e.version, e.id, e."recordedAt", e.tenant, e.type, e.data, nullif(e.metadata, 'null'), e.tags
       from ${rows} join ${schema}.streams as s on s.tenant = e.tenant and s.name = e."streamId"`,
    [json],
  );
  await sql.query(`insert into ${schema}.event_tags (tenant, tag, position) select distinct e.tenant, tag, e.position from ${rows}, unnest(e.tags) as tag`, [
    json,
  ]);
}

/** Tests with a log of their own. */
export const test = base.extend("log", async ({ databaseUrl, schema, sql }, { onCleanup }): Promise<Log> => {
  if (testRole === undefined) await sql.query(`begin; ${migrationSql({ schema })} commit`);
  else await createStoreAsOwner(sql, asSuperuser(databaseUrl), schema);
  const { database } = await open(databaseUrl);
  onCleanup(() => database.close());
  const quoted = pg.escapeIdentifier(schema);
  let last = 0;
  return {
    database,
    schema: quoted,
    async write(sketches) {
      const events = model(sketches);
      await insert(sql, quoted, events);
      last = events.at(-1)?.position ?? 0;
      return events;
    },
    reader: ({ tenant = "", mark, pages = tinyPages, queryable = database, statements = new StatementsBySize(schema, pages) } = {}) =>
      new Reader({ queryable, statements, codec: plainEvents, tenant, mark: typeof mark === "function" ? mark : async () => mark ?? last }),
  };
});

export { describe, expect } from "../support/test.ts";

/** Counts statements, and can hold or fail them. */
export function observed(
  queryable: Queryable,
  before: (count: number) => Promise<void> | void = () => {},
): Queryable & { readonly statements: number; readonly running: number } {
  const counts = { statements: 0, running: 0 };
  return {
    get statements() {
      return counts.statements;
    },
    get running() {
      return counts.running;
    },
    async query(statement, values, options) {
      counts.running++;
      try {
        await before(++counts.statements);
        return await queryable.query(statement, values, options);
      } finally {
        counts.running--;
      }
    },
    userQuery: (text, values) => queryable.userQuery(text, values),
  };
}
