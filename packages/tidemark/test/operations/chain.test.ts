import { createHash } from "node:crypto";
import { PGlite } from "@electric-sql/pglite";
import fc from "fast-check";
import pg from "pg";
import {
  append,
  decider,
  defineEvents,
  defineProcess,
  event,
  documentProjection,
  type EventStore,
  executeCommand,
  handleCommand,
  openEventStore,
  type VerifyProblem,
} from "tidemark";
import { describe, eventually, expect, test as base } from "../support/test.ts";
import { logOf } from "../transfer/test.ts";
import { openDatabase } from "../schema/open.ts";

const noted = (n: number, ...tags: string[]): { type: string; data: object; tags: string[] } => ({ type: "Noted", data: { n }, tags });

interface StoredHash {
  readonly position: string;
  readonly hash: string | null;
  readonly computed: string;
}

const test = base
  .extend("at", ({ schema }) => `${pg.escapeIdentifier(schema)}.`)
  /** Runs SQL as a superuser whom no trigger stops. `@` is the quoted schema and a dot. */
  .extend("damage", ({ sql, at }) => async (text: string): Promise<void> => {
    await sql.query(`set session_replication_role = replica; ${text.replaceAll("@", () => at)}; set session_replication_role = origin`);
  })
  /** Each event with its hash, and the hash as docs/design/chain.md describes it, computed here. */
  .extend("hashes", ({ sql, at }) => async (): Promise<readonly StoredHash[]> => {
    const { rows } = await sql.query<Record<string, string | null>>(
      `select e.position, e.version, e.id, e.schema_version, e.tenant, e.type, e.data::text as data, e.metadata::text as metadata, e.tags::text as tags,
              (extract(epoch from e.recorded_at - timestamptz '2000-01-01 00:00:00+00') * 1000000)::bigint as micros, encode(e.hash, 'hex') as hash,
              (select encode(b.hash, 'hex') from ${at}events as b where b.stream_id = e.stream_id and b.version = e.version - 1) as before,
              (select s.name from ${at}streams as s where s.id = e.stream_id) as stream
         from ${at}events as e order by e.position`,
    );
    return rows.map((row) => ({ position: row["position"] ?? "", hash: row["hash"] ?? null, computed: hashOf(row) }));
  });

function hashOf(row: Readonly<Record<string, string | null>>): string {
  const numbers = Buffer.alloc(26);
  numbers.writeBigInt64BE(BigInt(row["position"] ?? 0), 0);
  numbers.writeBigInt64BE(BigInt(row["version"] ?? 0), 8);
  numbers.writeBigInt64BE(BigInt(row["micros"] ?? 0), 16);
  numbers.writeInt16BE(Number(row["schema_version"]), 24);
  const before = row["before"]
    ? Buffer.from(row["before"], "hex")
    : createHash("sha256")
        .update(row["stream"] ?? "")
        .digest();
  const text = [row["tenant"], row["type"], row["data"], row["metadata"] ?? "", row["tags"] ?? ""].join("\x1e");
  return createHash("sha256")
    .update(before)
    .update(Buffer.from((row["id"] ?? "").replaceAll("-", ""), "hex"))
    .update(numbers)
    .update(text)
    .digest("hex");
}

const chained = { integrity: "chain" } as const;

const counts = documentProjection<{ readonly count: number }>({
  name: "counts",
  version: 1,
  mode: "inline",
  collection: "counts",
  documentId: ({ streamId }) => streamId,
  evolve: { Noted: (document) => ({ count: (document?.count ?? 0) + 1 }) },
});

const note = decider<number, number, { type: "Noted"; data: { n: number } }>({
  name: "note",
  initialState: () => 0,
  evolve: (state) => state + 1,
  decide: (n) => [{ type: "Noted", data: { n } }],
});

const echo = defineProcess<object, { type: "Asked"; data: object }>({
  name: "echo",
  handles: ["Asked"],
  instanceId: (event) => event.streamId,
  initialState: () => ({}),
  evolve: (state) => state,
  react: (event) => [
    append(`answer-${event.streamId}`, [
      { type: "Answered", data: {} },
      { type: "Answered", data: {} },
    ]),
  ],
});

/** Every way in which events get into the log. */
async function appendEveryWay(store: EventStore): Promise<void> {
  await store.appendToStream("one-1", [noted(1)]);
  await store.appendToStream("one-1", [noted(2, "a", "b")], { expectedVersion: 1 });
  await store.appendToStream("one-2", [{ ...noted(1), metadata: { actorId: "ann", é: "Ünïcode ␞ \u{1F600}" } }, noted(2), noted(3, "x y", 'q"uo,te')]);
  await Promise.all(Array.from({ length: 60 }, (_, n) => store.appendToStream(`group-${n % 20}`, [noted(n)])));
  await Promise.all(Array.from({ length: 20 }, (_, n) => store.appendToStream(`pairs-${n % 5}`, [noted(n), noted(n + 1, "t")], { expectedVersion: "any" })));
  // Of one batch: some are written, and some are not.
  const raced = Array.from({ length: 40 }, (_, n) => store.appendToStream(`group-${n % 20}`, [noted(n)], { expectedVersion: n < 20 ? 3 : "any" }));
  expect((await Promise.allSettled(raced)).filter(({ status }) => status === "rejected").length).toBeLessThan(21);
  await store.appendToStreams([
    { streamId: "many-1", events: [noted(1), noted(2)] },
    { streamId: "many-2", events: [noted(1)] },
    { streamId: "one-1", events: [], expectedVersion: 2 },
  ]);
  const again = [{ ...noted(1), id: "0190a6b1-5c1e-7b6a-9d5e-3f1c2b4a6d78" }];
  for (const _ of ["once", "again"]) await store.appendToStream("own-1", again);
  await store.append([noted(1, "seat:1")], { condition: { query: [{ tags: ["seat:1"] }] } });
  await handleCommand(store, note, "note-1", 1);
  await executeCommand(
    store,
    { reads: () => ["note-1", "note-2"], initialState: () => 0, evolve: (state: number) => state, decide: () => [{ streamId: "note-2", events: [noted(1)] }] },
    {},
  );
  await store.transaction(async (tx) => {
    await tx.appendToStream("tx-1", [noted(1)]);
    await tx.appendToStream("tx-1", [noted(2), noted(3)]);
  });
  await store.forTenant("acme").appendToStream("one-1", [noted(1), noted(2, "a")]);
  await store.schedule("timer-1", { type: "Noted", data: {} }, { key: "k", in: 0 });
  await store.appendToStream("asked-1", [{ type: "Asked", data: {} }]);
  await using worker = store.createWorker({ processes: [echo], timers: true });
  await worker.start();
  await worker.caughtUp();
  await eventually(async () => {
    expect(await store.readStream("timer-1").toArray()).toHaveLength(1);
    expect(await store.readStream("answer-asked-1").toArray()).toHaveLength(2);
  });
  await worker.stop();
}

const chainProblems = (problems: readonly VerifyProblem[]): (number | undefined)[] =>
  problems.filter(({ kind }) => kind === "chain").map(({ position }) => position);

describe("a chain of events", () => {
  test("is what the documentation says it is, on every way into the log", async ({ openStore, hashes, databaseUrl, schema }) => {
    const store = await openStore({ ...chained, projections: [counts] });
    await eventually(async () => expect(await store.projections.get("counts")).toMatchObject({ state: "live" }));
    await appendEveryWay(store);
    const catalogued = await openStore({
      events: defineEvents({ Noted: { schema: event<object>(), version: 2, upcast: { 1: ({ data }) => data } } }),
      unknownEvents: "pass",
    });
    await catalogued.appendToStream("shaped-1", [
      { type: "Noted", data: {} },
      { type: "Noted", data: {} },
    ]);
    const database = await openDatabase(databaseUrl);
    await logOf(database, schema).import(
      '{"streamId":"in-1","type":"A","data":{},"recordedAt":"2020-01-01T00:00:00.123Z"}\n{"streamId":"in-1","type":"B","data":[1.50]}\n',
    );
    await database.close();
    const stored = await hashes();
    expect(stored.length).toBeGreaterThan(120);
    expect(stored.filter(({ hash, computed }) => hash !== computed)).toEqual([]);
    expect(await store.verify()).toMatchObject({ ok: true, events: stored.length, chain: { after: 0, active: true } });
  });

  test("is the same on PGlite", async () => {
    await using store = await openEventStore({ pool: new PGlite(), ...chained });
    await appendEveryWay(store);
    expect(await store.verify()).toMatchObject({ ok: true, chain: { after: 0, active: true, digest: expect.stringMatching(/^[0-9a-f]{64}$/) } });
    const { rows } = await store.query("select count(*)::int as bare from tidemark.events where hash is null", []);
    expect(rows).toEqual([{ bare: 0 }]);
  });

  test("is not there unless somebody chooses it", async ({ store, hashes }) => {
    await store.appendToStream("cart-1", [noted(1), noted(2)]);
    expect((await hashes()).map(({ hash }) => hash)).toEqual([null, null]);
    expect((await store.verify()).chain).toBeNull();
  });

  test("begins where it is switched on, and goes on in processes that do not ask for it", async ({ store, openStore, damage, hashes }) => {
    await store.appendToStream("cart-1", [noted(1), noted(2)]);
    const asking = await openStore(chained);
    await store.appendToStream("cart-1", [noted(3)]);
    await asking.appendToStream("cart-1", [noted(4)]);
    await store.appendToStream("cart-2", [noted(1)]);
    expect((await hashes()).map(({ hash, computed }) => (hash === null ? "none" : hash === computed))).toEqual(["none", "none", true, true, true]);
    expect(await store.verify()).toMatchObject({ ok: true, chain: { after: 2, active: true } });
    await damage("update @events set data = '{}' where position = 2");
    expect(await store.verify()).toMatchObject({ ok: true });
    await damage("update @events set data = '{}' where position = 4");
    expect(chainProblems((await store.verify()).problems)).toEqual([4]);
  });

  test("is whole after writers that race for a stream, and rolled-back ones", async ({ openStore }) => {
    const stores = [await openStore(chained), await openStore()];
    const write = async (writer: number): Promise<void> => {
      const store = stores[writer % 2];
      for (let n = 0; n < 25; n++) {
        await store?.appendToStream("hot-1", [noted(n), noted(n)]);
        await store
          ?.transaction(async (tx) => {
            await tx.appendToStream("hot-1", [noted(n)]);
            if (n % 3 === 0) throw new RangeError("rolled back");
          })
          .catch((error: unknown) => expect(error).toBeInstanceOf(RangeError));
      }
    };
    await Promise.all([0, 1, 2, 3].map(write));
    const report = await stores[0]?.verify();
    expect(report).toMatchObject({ ok: true, events: 4 * (25 * 2 + 16), chain: { after: 0 } });
  });

  test("is begun once, beside appends, by many processes at once", async ({ store, openStore, hashes }) => {
    const ended = new AbortController();
    const appending = [1, 2, 3].map(async (writer) => {
      for (let n = 0; !ended.signal.aborted; n++) await store.appendToStream(`cart-${writer}-${n % 3}`, [noted(n), noted(n)]);
    });
    await eventually(async () => expect(await store.highWaterMark()).toBeGreaterThan(10));
    await Promise.all(Array.from({ length: 5 }, () => openStore(chained)));
    const mark = await store.highWaterMark();
    await eventually(async () => expect(await store.highWaterMark()).toBeGreaterThan(mark + 10));
    ended.abort();
    await Promise.all(appending);
    const { ok, chain } = await store.verify();
    expect(ok).toBe(true);
    const stored = await hashes();
    expect(chain?.after).toBeGreaterThan(0);
    for (const { position, hash, computed } of stored) expect([position, hash]).toEqual([position, Number(position) > (chain?.after ?? 0) ? computed : null]);
  });

  test("survives an export and an import that keeps positions", async ({ openStore, databaseUrl, schema, hashes, sql, at }) => {
    const store = await openStore(chained);
    await store.appendToStream("cart-1", [noted(1), noted(2, "a")]);
    await store.forTenant("acme").appendToStream("cart-1", [{ ...noted(1), metadata: { actorId: "ann" } }]);
    const before = await hashes();
    const { chain } = await store.verify();
    const database = await openDatabase(databaseUrl);
    try {
      const exported = await logOf(database, schema).export();
      const other = `${schema} 2`;
      await using copy = await openEventStore(databaseUrl, { schema: other, ...chained });
      await logOf(database, other).import(exported, { keepPositions: true });
      const { rows } = await sql.query(`select position, encode(hash, 'hex') as hash from ${pg.escapeIdentifier(other)}.events order by position`);
      expect(rows).toEqual(before.map(({ position, hash }) => ({ position, hash })));
      expect((await copy.verify()).chain?.digest).toBe(chain?.digest);
    } finally {
      await database.close();
    }
    expect(at).not.toBe("");
  });
});

describe("verify", () => {
  test("names the first event that was changed", async ({ openStore, damage }) => {
    const store = await openStore(chained);
    for (let n = 1; n <= 6; n++) await store.appendToStream(`cart-${n % 2}`, [noted(n), noted(n)]);
    await damage(`update @events set data = '{"n": 7}' where position in (4, 9)`);
    const { problems, counts: of } = await store.verify();
    expect(of).toEqual({ chain: 2 });
    expect(problems.map(({ position, what }) => [position, what])).toEqual([
      [
        4,
        'Version 2 of stream "cart-0", at position 4, is not what its hash was made of: it was changed after it was appended, or the event before it in its stream was.',
      ],
      [
        9,
        'Version 5 of stream "cart-1", at position 9, is not what its hash was made of: it was changed after it was appended, or the event before it in its stream was.',
      ],
    ]);
    expect((await store.verify({ from: 4 })).problems.map(({ position }) => position)).toEqual([9]);
  });

  test("names events without a hash", async ({ openStore, damage }) => {
    const store = await openStore(chained);
    await store.appendToStream("cart-1", [noted(1), noted(2)]);
    await damage("alter table @events disable trigger events_chain");
    await store.appendToStream("cart-1", [noted(3)]);
    const { problems, chain } = await store.verify();
    expect(chain).toMatchObject({ active: false });
    expect(problems.map(({ what }) => what)).toEqual([
      'Version 3 of stream "cart-1", at position 3, carries no hash, though every event after position 0 should.',
    ]);
    await expect(openStore(chained)).rejects.toMatchObject({
      code: "DATABASE",
      sqlState: "55000",
      message: expect.stringContaining("was dropped or disabled"),
    });
  });

  test("tells by its digest that the last events were removed, or all hashes made anew", async ({ openStore, damage }) => {
    const store = await openStore(chained);
    await store.appendToStream("cart-1", [noted(1), noted(2), noted(3)]);
    await store.appendToStream("cart-2", [noted(1)]);
    const { until, chain } = await store.verify();
    const kept = { until, digest: chain?.digest ?? "" };
    await store.appendToStream("cart-3", [noted(1)]);
    expect(await store.verify(kept)).toMatchObject({ ok: true, events: 4 });
    await damage("delete from @events where position = 3");
    expect(await store.verify()).toMatchObject({ ok: true });
    const { problems } = await store.verify(kept);
    expect(problems).toEqual([
      {
        kind: "chain",
        tenant: "",
        what: expect.stringMatching(
          /^The events after position 0 and up to 4 have the digest [0-9a-f]{64}; it was [0-9a-f]{64}\. Some were removed, added or hashed anew\.$/,
        ),
      },
    ]);
    await expect(store.verify({ digest: kept.digest })).rejects.toThrow("give that too, as until");
    await expect(store.verify({ until, digest: "abc" })).rejects.toThrow("options.digest must be 64 hexadecimal digits");
  });

  /** What somebody may do to one row; `#` is its position, `$` another's. */
  const mutations: Readonly<Record<string, string>> = {
    "its type": "update @events set type = type || 'x' where position = #",
    "its data": `update @events set data = data || '{"more": 1}' where position = #`,
    "a number in its data": `update @events set data = '{"n": 1.0}' where position = #`,
    "its metadata": `update @events set metadata = '{"actorId": "eve"}' where position = #`,
    "empty metadata": "update @events set metadata = case when metadata = '{}' then null else '{}'::jsonb end where position = #",
    "its tags":
      "update @events set tags = array['evil'] where position = #; insert into @event_tags select tenant, 'evil', position from @events where position = #",
    "empty tags":
      "update @events set tags = case when tags = '{}' then null else '{}'::text[] end where position = #; delete from @event_tags where position = #",
    "its time": "update @events set recorded_at = recorded_at + interval '1 millisecond' where position = #",
    "its time, for ever": "update @events set recorded_at = 'infinity' where position = #",
    "its id": "update @events set id = gen_random_uuid() where position = #",
    "the version of its shape": "update @events set schema_version = schema_version + 1 where position = #",
    "its tenant": "update @events set tenant = tenant || 'x' where position = #",
    "its position":
      "update @events set position = 1000 + position where position = #; update @event_tags set position = 1000 + position where position = #; select setval('@events_position_seq', 2000)",
    "its version": "update @events set version = version + 100 where position = #",
    "its stream": "update @events set stream_id = (select max(id) from @streams where id <> stream_id), version = version + 100 where position = #",
    "its stream's name": "update @streams set name = name || 'x' where id = (select stream_id from @events where position = #)",
    "its hash": "update @events set hash = sha256(hash) where position = #",
    "no hash": "update @events set hash = null where position = #",
    "its content for another's":
      "update @events set (type, data, metadata) = (select type || '', jsonb_build_object('swapped', data), metadata from @events where position = $) where position = #",
    "its removal": "delete from @events where position = #; delete from @event_tags where position = #",
    "a forged one behind it":
      "insert into @events (position, stream_id, version, id, recorded_at, tenant, type, data, hash) select 900, stream_id, (select max(version) + 1 from @events as o where o.stream_id = e.stream_id), gen_random_uuid(), recorded_at, tenant, type, data, hash from @events as e where position = #; select setval('@events_position_seq', 2000)",
  };

  test("finds any change of any one row", async ({ openStore, damage }) => {
    const store = await openStore(chained);
    for (let n = 1; n <= 5; n++) await store.appendToStream(`cart-${n % 2}`, [{ ...noted(n), metadata: { actorId: "ann" } }, noted(n, "a", "b")]);
    await store.forTenant("acme").appendToStream("cart-1", [noted(1), noted(2, "a")]);
    const { until, chain } = await store.verify();
    const digest = chain?.digest ?? "";
    const lastOfStream = new Set([8, 10, 12]);
    await damage("create table @saved_events as table @events; create table @saved_tags as table @event_tags; create table @saved_streams as table @streams");
    const restore = `delete from @events; insert into @events table @saved_events; delete from @event_tags; insert into @event_tags table @saved_tags;
      update @streams as s set name = o.name from @saved_streams as o where o.id = s.id; select setval('@events_position_seq', ${until})`;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.keys(mutations)),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        async (what, position, other) => {
          await damage((mutations[what] ?? "").replaceAll("#", String(position)).replaceAll("$", String(other)));
          try {
            const { ok, problems } = await store.verify();
            // Nothing in a database tells that the last event of a stream is gone: the digest that was kept elsewhere does.
            if (what === "its removal" && lastOfStream.has(position)) expect((await store.verify({ until, digest })).ok).toBe(false);
            else expect([what, ok, problems.length > 0]).toEqual([what, false, true]);
            if (what === "its data") expect(chainProblems(problems)).toEqual([position]);
          } finally {
            await damage(restore);
          }
        },
      ),
      { numRuns: 150 },
    );
    expect(await store.verify({ until, digest })).toMatchObject({ ok: true });
  });
});
