import pg from "pg";

/** What every read of Tidemark's tables selects here: the columns that make up an event. */
const columns = "e.position, e.version, e.id, e.recorded_at, e.schema_version, e.type, e.data, e.metadata, e.tags";

const streamSql = `
select ${columns}
  from tidemark.events as e
 where e.stream_id = (select id from tidemark.streams where tenant = '' and name = $1)
 order by e.version`;

const pageSql = `
select s.name, ${columns}
  from tidemark.events as e join tidemark.streams as s on s.id = e.stream_id
 where e.position > $1
 order by e.position
 limit 1000`;

const cursorSql = `
declare log no scroll cursor for
select s.name, ${columns}
  from tidemark.events as e join tidemark.streams as s on s.id = e.stream_id
 order by e.position`;

interface EventRow {
  readonly position: string;
  readonly version: string;
  readonly id: string;
  /** A Date, by the driver's own parsers. */
  readonly recorded_at: Date;
  readonly schema_version: number;
  readonly type: string;
  /** Parsed by the driver. */
  readonly data: unknown;
  readonly metadata: unknown;
  readonly tags: readonly string[] | null;
  readonly name?: string;
}

interface ReadEvent {
  readonly type: string;
  readonly data: unknown;
  readonly metadata: unknown;
  readonly tags: readonly string[];
  readonly id: string;
  readonly streamId: string;
  readonly version: number;
  readonly position: number;
  readonly recordedAt: Date;
  readonly schemaVersion: number;
}

/** The bare driver on the tables of a Tidemark store: floor and ceiling of reading. */
export interface BareReads {
  readStream(name: string): Promise<number>;
  /** Page by page, by position, with the driver's parsers for dates and JSON. */
  readAll(): Promise<number>;
  /** A cursor, fetched 1,000 rows at a time. No column is parsed. */
  fetchAll(): Promise<number>;
  /** The same cursor with the driver's parsers, and every event as a line of JSON. */
  writeAll(write: (text: string) => Promise<void>): Promise<number>;
  close(): Promise<void>;
}

export function openBareReads(url: string): BareReads {
  const pool = new pg.Pool({ connectionString: url });
  return {
    async readStream(name) {
      const { rows } = await pool.query<EventRow>({ name: "stream", text: streamSql, values: [name] });
      return rows.map((row) => toEvent(row, name)).length;
    },
    async readAll() {
      let events = 0;
      for (let after = 0; ;) {
        const { rows } = await pool.query<EventRow>({ name: "page", text: pageSql, values: [after] });
        const page = rows.map((row) => toEvent(row, row.name ?? ""));
        events += page.length;
        const last = page.at(-1);
        if (last === undefined) return events;
        after = last.position;
      }
    },
    fetchAll: () => fetchRows<pg.QueryResultRow>(pool, { rowMode: "array", types: { getTypeParser: () => String } }, async () => {}),
    writeAll: (write) => fetchRows<EventRow>(pool, {}, (rows) => write(rows.map((row) => `${JSON.stringify(toEvent(row, row.name ?? ""))}\n`).join(""))),
    close: () => pool.end(),
  };
}

/** Rows of the whole log by a cursor, 1,000 at a time. Resolves with their number. */
async function fetchRows<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  options: Partial<pg.QueryConfig> & { readonly rowMode?: "array" },
  use: (rows: readonly Row[]) => Promise<void>,
): Promise<number> {
  const client = await pool.connect();
  try {
    await client.query(`begin; ${cursorSql}`);
    for (let events = 0; ;) {
      const { rows } = await client.query<Row>({ text: "fetch 1000 from log", ...options });
      if (rows.length === 0) return events;
      events += rows.length;
      await use(rows);
    }
  } finally {
    await client.query("rollback");
    client.release();
  }
}

function toEvent(row: EventRow, streamId: string): ReadEvent {
  return {
    type: row.type,
    data: row.data,
    metadata: row.metadata ?? {},
    tags: row.tags ?? [],
    id: row.id,
    streamId,
    version: Number(row.version),
    position: Number(row.position),
    recordedAt: row.recorded_at,
    schemaVersion: row.schema_version,
  };
}
