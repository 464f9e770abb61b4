import pg from "pg";
import { defineProjection, documentProjection, type DocumentProjection, type Event, type EventStore, type Projection } from "tidemark";
import type { FollowerWorker } from "../../../src/runtime/follower-worker.ts";
import { eager, type Started } from "./worker.ts";
import { describe, eventually, expect, rowsOf, type Start, test } from "./world.ts";

type Counted = Event<"Counted", { readonly n: number; readonly to?: string; readonly poison?: boolean }>;

interface Total {
  readonly n: number;
  readonly of: string;
}

/** Documents that are named after their stream, unless an event says otherwise. */
function counts(
  version: number,
  { unique = false, rebuild = "auto" }: { readonly unique?: boolean; readonly rebuild?: "auto" | "manual" } = {},
): DocumentProjection<Total> {
  return documentProjection<Total, Counted>({
    name: "counts",
    version,
    mode: "async",
    rebuild,
    collection: "counts",
    indexes: unique ? [{ path: "of", unique }] : [],
    documentId: ({ streamId, data }) => data.to ?? streamId,
    evolve: {
      Counted: (document, { data, streamId }) => {
        if (data.poison) throw new Error("cannot count it");
        // Any other order, an event twice or one too few give another number.
        return { n: ((document?.n ?? 0) * 31 + data.n) % 1_000_003, of: document?.of ?? streamId };
      },
    },
  });
}

const streams = 20;

/** Appends so many events to some streams, in turns. */
async function count(store: EventStore, events: number): Promise<void> {
  const each = Math.min(10, events / streams);
  for (let at = 0; at < events; at += streams * each) {
    const some = (stream: number): Counted[] => Array.from({ length: each }, (_, n) => ({ type: "Counted", data: { n: at + stream * each + n } }));
    await Promise.all(Array.from({ length: streams }, (_, stream) => store.appendToStream(`s-${stream}`, some(stream))));
  }
}

/** As beside appends, but without the rests. */
const smallPages = { busy: true, pageRows: 100, rest: async (): Promise<void> => {} };

/** A log of so many streams, a version that serves, and parts that the next version is to be built in. */
async function prepared({ store, sql, schema, start }: Given, parts: number): Promise<void> {
  await count(store, 600);
  await (await start([counts(1)], { limits: eager })).worker.caughtUp();
  await sql.query(`insert into ${pg.escapeIdentifier(schema)}.projection_builds (name, version, way, parts) values ('counts', 2, 'fold', $1)`, [parts]);
}

interface Given {
  readonly store: EventStore;
  readonly sql: pg.Pool;
  readonly schema: string;
  readonly start: Start;
}

async function build(sql: pg.Pool, schema: string): Promise<object> {
  const { rows } = await sql.query<object>(
    `select b.state, b.parts, b.events::integer, b.documents::integer from ${pg.escapeIdentifier(schema)}.projection_builds as b`,
  );
  return rows[0] ?? {};
}

const whole = { state: "ready", events: 600, documents: 20 };

describe("a build in parts", () => {
  test("is shared by two workers, and makes the documents that one part makes", async ({ store, sql, schema, start }) => {
    await prepared({ store, sql, schema, start }, 3);
    let first: Started;
    // The first one has the shard, and waits to say that it builds.
    const holder = await sql.connect();
    const workers: FollowerWorker[] = [];
    try {
      await holder.query(`begin; select from ${pg.escapeIdentifier(schema)}.projection_builds for update`);
      first = await start([counts(2)], { limits: eager });
      workers.push(first.worker, (await start([counts(2)], { limits: eager })).worker);
    } finally {
      await holder.query("rollback");
      holder.release();
    }
    await eventually(async () => {
      for (const worker of workers) await worker.look();
      expect(await build(sql, schema)).toEqual({ ...whole, parts: 3 });
    });
    const handled = workers.flatMap((worker) => worker.counts().map((counted) => counted.handled));
    expect(handled.every((events) => events > 0)).toBe(true);
    expect(handled.reduce((sum, events) => sum + events)).toBe(600);
    expect(await rowsOf(sql, schema, counts(2))).toEqual(await rowsOf(sql, schema, counts(1)));
    expect(first.errors).toEqual([]);
    // No part looked for documents of its own in the table.
    expect(first.ran.get("tidemark_load_documents")).toBeUndefined();
    await store.appendToStream("s-1", [{ type: "Counted", data: { n: 1 } } satisfies Counted]);
    await first.worker.caughtUp();
    expect(await store.projections.get("counts")).toMatchObject({ version: 2, position: 601, build: { parallel: 3, state: "ready" } });
  });

  test.for([
    ["before a commit", ["commit", "commit", "lost before", "commit", "lost before"]],
    ["after a commit", ["commit", "commit", "lost after", "commit", "lost after"]],
    ["before and after it was split", ["lost before", "lost after"]],
  ] as const)("goes on where its parts were when the connection is lost %s", async ([, fates], { store, sql, schema, start }) => {
    await prepared({ store, sql, schema, start }, 3);
    await start([counts(2)], { limits: { ...eager, memoryBytes: 2_000 }, fates });
    await eventually(async () => expect(await build(sql, schema)).toMatchObject({ ...whole, parts: 3 }));
    expect(await rowsOf(sql, schema, counts(2))).toEqual(await rowsOf(sql, schema, counts(1)));
  });

  test("may be asked for while it goes on", async ({ store, sql, schema, start }) => {
    await prepared({ store, sql, schema, start }, 1);
    const asked: Promise<unknown>[] = [];
    // It waits for the transaction, which has reported, and is next.
    const beforeCommit = async (): Promise<void> => {
      if (asked.length === 0) asked.push(sql.query(`update ${pg.escapeIdentifier(schema)}.projection_builds set parts = 2`));
      await Promise.resolve();
    };
    const { wrote } = await start([counts(2)], { limits: { ...eager, memoryBytes: 2_000 }, beforeCommit, background: smallPages });
    await eventually(async () => expect(await build(sql, schema)).toEqual({ ...whole, parts: 2 }));
    await Promise.all(asked);
    expect(wrote.get("tidemark_split_build")).toBe(1);
    expect(await rowsOf(sql, schema, counts(2))).toEqual(await rowsOf(sql, schema, counts(1)));
  });

  test("begins anew in one part where an event changes a document of another name", async ({ store, sql, schema, start }) => {
    await prepared({ store, sql, schema, start }, 3);
    await store.appendToStream("s-1", [{ type: "Counted", data: { n: 7, to: "s-2" } } satisfies Counted]);
    await count(store, 20);
    const { wrote, warnings } = await start([counts(2)], { limits: { ...eager, memoryBytes: 2_000 } });
    await eventually(async () => expect(await build(sql, schema)).toEqual({ state: "ready", parts: 1, events: 621, documents: 20 }));
    expect(wrote.get("tidemark_rejoin_build")).toBeGreaterThan(0);
    expect(warnings).toEqual([expect.stringContaining('an event of stream "s-1" changes the document "s-2"')]);
    await eventually(async () => expect(await rowsOf(sql, schema, counts(2))).toEqual(await rowsOf(sql, schema, counts(1))));
  });

  test("stops where one part stops, at an event that fails", async ({ store, sql, schema, start }) => {
    await prepared({ store, sql, schema, start }, 3);
    await store.projections.pause("counts");
    await store.appendToStream("s-1", [{ type: "Counted", data: { n: 7, poison: true } } satisfies Counted]);
    await count(store, 20);
    const { errors } = await start([counts(2)], { limits: eager });
    await eventually(async () => expect(await store.projections.get("counts")).toMatchObject({ version: 2, state: "failed", failingEvent: { position: 601 } }));
    await eventually(() => expect(errors.at(-1)).toMatchObject({ code: "HANDLER_FAILED", position: 601 }));
    expect(await rowsOf(sql, schema, counts(2))).toEqual(await rowsOf(sql, schema, counts(1)));
  });

  test("stays whole where a unique index forbids parts", async ({ store, sql, schema, start }) => {
    await prepared({ store, sql, schema, start }, 3);
    const { wrote, warnings } = await start([counts(2, { unique: true })], { limits: eager });
    await eventually(async () => expect(await build(sql, schema)).toEqual({ ...whole, parts: 1 }));
    expect(wrote.get("tidemark_split_build")).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining("it has a unique index")]);
  });

  test("is refused where it is known before", async ({ openStore }) => {
    const sql = (version: number): Projection =>
      defineProjection({ name: "sql", version, mode: "async", rebuild: "manual", handles: ["Counted"], handle: () => {} });
    const first = await openStore({ projections: [counts(1), sql(1)] });
    await first.createWorker().start();
    const store = await openStore({ projections: [counts(2, { unique: true, rebuild: "manual" }), sql(2)] });
    const worker = store.createWorker();
    await worker.start();
    await worker.stop();
    await expect(store.projections.rebuild("counts", { parallel: 2 })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      path: "options.parallel",
      message: expect.stringContaining("unique index"),
    });
    await expect(store.projections.rebuild("sql", { parallel: 2 })).rejects.toThrow("in the order of the log");
    await expect(store.projections.rebuild("counts", { parallel: 0 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path: "options.parallel" });
  });
});
