import pg from "pg";
import { causedBy, type IndexProgress, openEventStore, type RecordedEvent } from "../../src/index.ts";
import { plainEvents } from "../../src/catalogue/event-codec.ts";
import type { Session } from "../../src/database/database.ts";
import { Reader } from "../../src/read/reader.ts";
import { StatementsBySize } from "../../src/read/statements-by-size.ts";
import { describe, eventually, expect, test } from "../support/test.ts";
import { silent } from "../feed/open.ts";
import { open as openDatabase, rejection } from "../database/open.ts";

const placed = { type: "Placed", data: {}, metadata: { correlationId: "order 1" } };

/** A server process that builds an index concurrently, and waits there for the transaction that is open. */
const building = (sql: pg.Pool): Promise<number> =>
  eventually(async () => {
    const { rows } = await sql.query<{ pid: number }>(
      "select pid from pg_stat_progress_create_index where datname = current_database() and command = 'CREATE INDEX CONCURRENTLY' and phase like 'waiting%'",
    );
    expect(rows).toHaveLength(1);
    return rows[0]?.pid ?? 0;
  });

/** While `work` runs, a transaction has written to the log and is open. */
async function whileAppending<T>(sql: pg.Pool, schema: string, work: (commit: () => Promise<void>) => Promise<T>): Promise<T> {
  const writer = await sql.connect();
  let open = true;
  const commit = async (): Promise<void> => {
    if (open) await writer.query("commit");
    open = false;
  };
  try {
    await writer.query(`begin; insert into ${pg.escapeIdentifier(schema)}.streams (name) values ('held')`);
    await writer.query(
      `insert into ${pg.escapeIdentifier(schema)}.events (position, stream_id, version, id, recorded_at, type, data)
       select nextval('${pg.escapeIdentifier(schema)}.events_position_seq'), s.id, 1, gen_random_uuid(), now(), 'Held', '{}' from ${pg.escapeIdentifier(schema)}.streams as s where s.name = 'held'`,
    );
    return await work(commit);
  } finally {
    await commit();
    writer.release();
  }
}

describe("the indexes of causation", () => {
  test("are created while events are appended, by one of the processes that ask for them", async ({ store, databaseUrl, sql, schema }) => {
    const recorded: RecordedEvent[] = [];
    await store.appendToStream("order-1", [placed], { onRecorded: (events) => void recorded.push(...events) });
    const [first] = recorded;
    if (!first) throw new Error("missing");
    await using other = await openEventStore(databaseUrl, { schema });
    await whileAppending(sql, schema, async (commit) => {
      const created = Promise.all([store.indexes.create("causation"), other.indexes.create("causation")]);
      await building(sql);
      // A plain build would let none of these in.
      for (let n = 1; n <= 20; n++) await store.appendToStream("bill-1", [{ type: "Paid", data: {}, metadata: causedBy(first) }]);
      await building(sql);
      expect(await rejection(store.readCausation(first.id))).toMatchObject({
        code: "INDEX_MISSING",
        state: "invalid",
        message: expect.stringContaining("or it failed"),
      });
      await commit();
      await created;
    });
    expect(await store.indexes.list()).toMatchObject([{ state: "valid" }, { state: "valid" }]);
    expect((await store.readCausation(first.id)).effects).toHaveLength(20);
    expect(await store.readCorrelation("order 1").toArray()).toHaveLength(21);
  });

  test("give a correlation up to the high-water mark, as the log is read, and a causation past it", async ({ store, sql }) => {
    await store.indexes.create("causation");
    const recorded: RecordedEvent[] = [];
    const writer = await sql.connect();
    try {
      await writer.query("begin");
      await store.withTransaction(writer).appendToStream("held-1", [placed]);
      await store.appendToStream("order-1", [placed], { onRecorded: (events) => void recorded.push(...events) });
      expect(await store.readCorrelation("order 1").toArray()).toEqual([]);
      expect(await store.readCausation(recorded[0]?.id ?? "")).toMatchObject({ event: { streamId: "order-1" }, complete: true });
    } finally {
      await writer.query("rollback");
      writer.release();
    }
    await eventually(async () => expect(await store.readCorrelation("order 1").toArray()).toEqual(recorded));
  });

  test("are built anew where a build was killed", async ({ store, databaseUrl, sql, schema }) => {
    await store.appendToStream("order-1", [placed]);
    await using killed = await openEventStore(databaseUrl, { schema });
    await whileAppending(sql, schema, async () => {
      const refused = expect(killed.indexes.create("causation")).rejects.toMatchObject({ code: "CONNECTION" });
      await sql.query("select pg_terminate_backend($1)", [await building(sql)]);
      await refused;
    });
    expect(await store.indexes.list()).toMatchObject([{ name: "events_causation_idx", state: "invalid" }, { state: "missing" }]);
    await store.indexes.create("causation");
    expect(await store.indexes.list()).toMatchObject([{ state: "valid" }, { state: "valid" }]);
    expect(await store.readCorrelation("order 1").toArray()).toHaveLength(1);
  });

  test("say whom they wait for, and end when they are told to", async ({ openStore, sql, schema }) => {
    const warnings: string[] = [];
    const store = await openStore({ logger: { ...silent, warn: (warning: unknown) => void warnings.push(String(warning)) } });
    await store.appendToStream("order-1", [placed]);
    const enough = new AbortController();
    const seen: IndexProgress[] = [];
    await whileAppending(sql, schema, async () => {
      const created = store.indexes.create("causation", { signal: enough.signal, onProgress: (progress) => void seen.push(progress) });
      const refused = expect(created).rejects.toThrow("enough");
      try {
        const { rows } = await sql.query<{ pid: number; since: Date }>(
          "select pid, xact_start as since from pg_stat_activity where datname = current_database() and state = 'idle in transaction' and query like 'insert into%'",
        );
        await eventually(() =>
          expect(seen.at(-1)).toMatchObject({
            index: "events_causation_idx",
            phase: expect.stringContaining("waiting"),
            waitingFor: { pid: rows[0]?.pid, application: "", since: rows[0]?.since },
          }),
        );
        await eventually(() => expect(warnings).toEqual([expect.stringContaining(`process ${rows[0]?.pid} (application "", its transaction open since`)]));
      } finally {
        enough.abort(new Error("enough"));
        await refused;
      }
      expect(await store.indexes.list()).toMatchObject([{ state: "invalid" }, { state: "missing" }]);
    });
    await store.indexes.create("causation");
    expect(await store.indexes.list()).toMatchObject([{ state: "valid" }, { state: "valid" }]);
  });

  test("end with what onProgress throws", async ({ store, sql, schema }) => {
    await whileAppending(sql, schema, async () => {
      const onProgress = (): never => {
        throw new Error("no more of this");
      };
      await expect(store.indexes.create("causation", { onProgress })).rejects.toThrow("no more of this");
    });
    await expect(store.indexes.create("causation", { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
    expect(await store.indexes.list()).toMatchObject([{ state: "invalid" }, { state: "missing" }]);
  });

  test("are read by, also before anybody analysed the log, and by statements that were prepared while it was tiny", async ({
    store,
    databaseUrl,
    sql,
    schema,
  }) => {
    const q = pg.escapeIdentifier(schema);
    await sql.query(`alter table ${q}.events set (autovacuum_enabled = off)`);
    await store.indexes.create("causation");
    const [root, cause] = ["00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002"];
    await store.appendToStream("order-1", [
      { ...placed, id: root },
      { type: "Paid", data: {}, id: cause, metadata: { correlationId: "order 1", causationId: root } },
    ]);
    const { database, log } = await readerOf(databaseUrl, schema);
    await database.transaction(async (session) => {
      // In a transaction the server counts the rows that it looked at.
      const looked = async (): Promise<number> => {
        const counts =
          "select (seq_tup_read + idx_tup_fetch)::text as rows from pg_catalog.pg_stat_xact_all_tables where relid = $1::text::pg_catalog.regclass";
        const { rows } = await session.userQuery<{ rows: string }>(counts, [`${q}.events`]);
        return Number(rows[0]?.rows ?? 0);
      };
      const reader = log(session);
      const read = async (): Promise<void> => {
        expect(await reader.readCausation(root)).toMatchObject({ effects: [{ event: { id: cause } }] });
        expect(await reader.readCorrelation("order 1").toArray()).toHaveLength(2);
        expect(await reader.readCorrelation("order 1", { direction: "backward", limit: 1 }).toArray()).toHaveLength(1);
      };
      // From the sixth time on a prepared statement keeps its plan.
      for (let n = 0; n < 7; n++) await read();
      await sql.query(`
        insert into ${q}.events (position, stream_id, version, id, recorded_at, type, data, metadata)
        select nextval('${q}.events_position_seq'), 1, 2 + n, gen_random_uuid(), now(), 'Grown', '{}', jsonb_build_object('correlationId', n::text, 'causationId', n::text)
          from generate_series(1, 50000) as n`);
      for (const how of ["never", "once"]) {
        if (how === "once") await sql.query(`analyze ${q}.events`);
        const before = await looked();
        for (let n = 0; n < 7; n++) await read();
        expect([how, (await looked()) - before < 1_000]).toEqual([how, true]);
      }
    });
  });
});

/** Readers of a store on a session, with one connection. */
async function readerOf(databaseUrl: string, schema: string) {
  const { database } = await openDatabase(databaseUrl, { max: 1 });
  const statements = new StatementsBySize(schema);
  const mark = async (session: Session): Promise<number> => {
    const { rows } = await session.userQuery<{ position: string }>(
      `select pg_catalog.max(position)::text as position from ${pg.escapeIdentifier(schema)}.events`,
      [],
    );
    return Number(rows[0]?.position);
  };
  return { database, log: (session: Session) => new Reader({ queryable: session, statements, codec: plainEvents, tenant: "", mark: () => mark(session) }) };
}
