import { PGlite } from "@electric-sql/pglite";
import pg from "pg";
import { documentProjection, type EventStore, openEventStore, type VerifyProblem, type VerifyProblemKind } from "tidemark";
import type { Database } from "../../src/database/database.ts";
import { Problems } from "../../src/operations/verify/problems.ts";
import { verifyLog } from "../../src/operations/verify/verify-log.ts";
import { openDatabase } from "../schema/open.ts";
import { describe, eventually, expect, test as base } from "../support/test.ts";

const counts = documentProjection<{ readonly count: number }>({
  name: "counts",
  version: 1,
  mode: "inline",
  collection: "counts",
  documentId: ({ streamId }) => streamId,
  evolve: { Noted: (document) => ({ count: (document?.count ?? 0) + 1 }) },
});

interface Damaged {
  readonly store: EventStore;
  /** Runs SQL as a superuser whom no trigger stops. `@` is the quoted schema and a dot. */
  damage(text: string): Promise<void>;
}

const kinds = ["server", "PGlite"] as const;
const test = base.extend("damaged", ({ databaseUrl, schema, sql }, { onCleanup }) => {
  const opened: { close(): Promise<void> }[] = [];
  onCleanup(async () => {
    for (const one of opened.toReversed()) await one.close();
  });
  return async (kind: (typeof kinds)[number]): Promise<Damaged> => {
    const at = `${pg.escapeIdentifier(schema)}.`;
    const pool = kind === "PGlite" ? new PGlite() : undefined;
    const options = { schema, projections: [counts] };
    const store = await (pool ? openEventStore({ ...options, pool }) : openEventStore(databaseUrl, options));
    opened.push(...(pool ? [pool] : []), store);
    await eventually(async () => expect(await store.projections.get("counts")).toMatchObject({ state: "live" }));
    const damage = async (text: string): Promise<void> => {
      const statements = `set session_replication_role = replica; ${text.replaceAll("@", at)}; set session_replication_role = origin`;
      if (pool) await pool.exec(statements);
      else await sql.query(statements);
    };
    return { store, damage };
  };
});

/** Nine events: positions 1 to 4 in cart-1, 5 and 6 in cart-2, with tags, 7 in cart-1 of another tenant, 8 and 9 in cart-1 again. */
async function fill(store: EventStore): Promise<void> {
  const noted = (n: number, ...tags: string[]): { type: string; data: object; tags: string[] } => ({ type: "Noted", data: { n }, tags });
  await store.appendToStream("cart-1", [noted(1), noted(2), noted(3), noted(4)]);
  await store.appendToStream("cart-2", [noted(1, "a", "b"), noted(2, "a")]);
  await store.forTenant("acme").appendToStream("cart-1", [noted(1, "a")]);
  await store.appendToStream("cart-1", [noted(5), noted(6)]);
}

const found = (problems: readonly VerifyProblem[]): [VerifyProblemKind, string][] => problems.map(({ kind, what }) => [kind, what]);

/** What is done to a store, and what must be said of it. */
const damages: Readonly<Record<string, readonly [sql: string, kind: VerifyProblemKind, what: string | RegExp]>> = {
  "a lost event": [
    "delete from @events where position = 3",
    "missing-version",
    'Version 4 of stream "cart-1", at position 4, has no event of version 3 before it.',
  ],
  "a lost first event": [
    "delete from @events where position = 5; delete from @event_tags where position = 5",
    "missing-version",
    'Version 2 of stream "cart-2", at position 6, has no event of version 1 before it.',
  ],
  "events in another order": [
    "update @events set version = 95 + position where position in (2, 3); update @events set version = 100 - version where version > 90",
    "order",
    'Version 3 of stream "cart-1", at position 2, stands before version 2, at position 3.',
  ],
  "a lost stream": [
    "delete from @streams where name = 'cart-2'",
    "orphan",
    /^Version 1 of stream "number \d+", at position 5, is in a stream that is not stored\.$/,
  ],
  "an event of another tenant": [
    "update @events set tenant = 'acme' where position = 6; update @event_tags set tenant = 'acme' where position = 6",
    "orphan",
    'Version 2 of stream "cart-2", at position 6, is in a stream that belongs to tenant "".',
  ],
  "a lost tag": [
    "delete from @event_tags where position = 5 and tag = 'b'",
    "missing-tag",
    'Version 1 of stream "cart-2", at position 5, carries the tag "b", by which no query finds it.',
  ],
  "a tag that leads nowhere": [
    "insert into @event_tags values ('', 'a', 3)",
    "stray-tag",
    'The tag "a" leads to position 3, where the event does not carry it.',
  ],
  "a tag in the place of another": [
    "update @event_tags set tag = 'c' where position = 5 and tag = 'b'",
    "stray-tag",
    'The tag "c" leads to position 5, where the event does not carry it.',
  ],
  "a sequence behind the log": [
    "select pg_catalog.setval('@events_position_seq', 5)",
    "sequence",
    "The position sequence is at 5, and the log reaches to 9: new events would get positions below it.",
  ],
  "a checkpoint at another event": [
    "update @consumer_shards set position = 4, event_id = '0190a6b1-5c1e-7b6a-9d5e-3f1c2b4a6d78'",
    "checkpoint",
    /^The checkpoint of ".*" holds event 0190a6b1-5c1e-7b6a-9d5e-3f1c2b4a6d78 at position 4, where event [-0-9a-f]{36} is\.$/s,
  ],
  "a snapshot of a lost event": [
    "insert into @snapshots (tenant, kind, name, key, state_version, version, position, event_id, state) values ('', 'stream', 'cart', 'cart-1', 1, 4, 4, '0190a6b1-5c1e-7b6a-9d5e-3f1c2b4a6d78', '{}')",
    "snapshot",
    /^The snapshot "cart of cart-1" holds event 0190a6b1-5c1e-7b6a-9d5e-3f1c2b4a6d78 at position 4, where event [-0-9a-f]{36} is\.$/,
  ],
  "an input of a process without its instance": [
    "insert into @process_inputs (instance_id, number, position) values (77, 1, 5)",
    "process",
    "Input 1, at position 5, belongs to instance number 77 of a process, which is not stored.",
  ],
  "a command of a process without its instance": [
    `insert into @process_commands (tenant, process, version, instance_id, hash, input, path, kind, payload) values ('', 'checkout', 1, 77, 0, 2, '{0}', 'command', '{}')`,
    "process",
    'A command of input 2 of the process "checkout" belongs to instance number 77, which is not stored.',
  ],
  "an input of a process whose event is lost": [
    `with made as (
       insert into @process_instances (process, version, instance, hash, state, state_version, handled, inputs) values ('checkout', 1, 'cart-2', 0, '{}', 1, 1, 1) returning id
     )
     insert into @process_inputs (instance_id, number, position) select id, 1, 6 from made;
     delete from @events where position = 6; delete from @event_tags where position = 6`,
    "process",
    'Input 1 of instance "cart-2" of the process "checkout" is at position 6, where no event is.',
  ],
  "a document that was changed": [
    `update @counts__v1 set data = '{"count": 7}' where _id = 'cart-1' and _partition = ''`,
    "document",
    'Document "cart-1" of "counts" is not what the log makes of it.',
  ],
};

describe("verify", () => {
  test.for(kinds)("on %s finds nothing wrong in a whole store, and says what it looked at", async (kind, { damaged }) => {
    const { store } = await damaged(kind);
    expect(await store.verify()).toEqual({ ok: true, from: 0, until: 0, events: 0, documents: 0, chain: null, problems: [], counts: {} });
    await fill(store);
    expect(await store.verify()).toEqual({ ok: true, from: 0, until: 9, events: 9, documents: 3, chain: null, problems: [], counts: {} });
    expect(await store.verify({ documents: 0 })).toMatchObject({ ok: true, documents: 0 });
    expect(await store.verify({ from: 2, until: 6 })).toMatchObject({ ok: true, from: 2, until: 6, events: 4 });
    expect(await store.verify({ from: 6, until: 1_000 })).toMatchObject({ ok: true, from: 6, until: 9, events: 3 });
    expect(await store.forTenant("acme").verify()).toMatchObject({ ok: true, events: 1 });
    expect(await store.forTenant("acme").verify({ tenants: "all" })).toMatchObject({ ok: true, events: 9 });
  });

  // The statements are the same on both; an embedded database takes seconds to open.
  const onPGlite = ["a lost event", "a lost tag", "a tag that leads nowhere", "a document that was changed"];
  const all = [...Object.keys(damages).map((what) => ["server", what] as const), ...onPGlite.map((what) => ["PGlite", what] as const)];
  test.for(all)("on %s finds %s", async ([kind, what], { damaged }) => {
    const { store, damage } = await damaged(kind);
    await fill(store);
    const [sql, expected, told] = damages[what] ?? [];
    await damage(sql ?? "");
    const { ok, problems, counts: of } = await store.verify();
    expect(ok).toBe(false);
    expect(of[expected ?? "order"]).toBeGreaterThan(0);
    expect(found(problems)).toContainEqual([expected, typeof told === "string" ? told : expect.stringMatching(told ?? "")]);
  });

  test("tells a tenant of its own problems alone", async ({ damaged }) => {
    const { store, damage } = await damaged("server");
    await fill(store);
    await damage("delete from @events where position in (2, 7)");
    const { problems } = await store.forTenant("acme").verify();
    expect(problems.map(({ kind, tenant }) => [kind, tenant])).toEqual([
      ["stray-tag", "acme"],
      ["document", "acme"],
    ]);
    expect((await store.verify({ tenants: "own", documents: 0 })).counts).toEqual({ "missing-version": 1 });
  });

  test("keeps the first hundred problems of a kind, and counts the others", async ({ damaged }) => {
    const { store, damage } = await damaged("server");
    for (let n = 0; n < 250; n++)
      await store.appendToStream(`cart-${n}`, [
        { type: "Other", data: {} },
        { type: "Other", data: {} },
      ]);
    await damage("delete from @events where version = 1");
    const { problems, counts: of } = await store.verify();
    expect([problems.length, of]).toEqual([100, { "missing-version": 250 }]);
  });

  test("finds nothing wrong beside appends, tags and rollbacks", async ({ damaged }) => {
    const { store } = await damaged("server");
    const ended = new AbortController();
    const append = async (writer: number): Promise<void> => {
      for (let n = 0; !ended.signal.aborted; n++) {
        const event = { type: "Noted", data: {}, tags: [`writer:${writer}`, `n:${n % 3}`] };
        await store.appendToStream(`cart-${(writer + n) % 5}`, [event, event]);
        await store
          .transaction(async (transaction) => {
            await transaction.appendToStream(`cart-${n % 5}`, [event]);
            if (n % 4 === 0) throw new RangeError("rolled back");
          })
          .catch((error: unknown) => expect(error).toBeInstanceOf(RangeError));
      }
    };
    const appending = Promise.all([1, 2, 3].map(append));
    try {
      let events = 0;
      for (let time = 0; time < 10; time++) {
        const report = await store.verify();
        expect(found(report.problems)).toEqual([]);
        expect(report.events).toBeGreaterThanOrEqual(events);
        ({ events } = report);
      }
      expect(events).toBeGreaterThan(0);
    } finally {
      ended.abort();
      await appending;
    }
  });

  test("tells how far it is, ends by its signal, goes on from there, and holds no more of a page than a row", async ({ damaged, sql, schema, databaseUrl }) => {
    const { store } = await damaged("server");
    const at = pg.escapeIdentifier(schema);
    await store.appendToStream("cart-1", [{ type: "Other", data: {} }]);
    // Two pages and an event, written past the append functions: it is read alone that is looked at. The last page is answered while the server is at the second.
    await sql.query(
      `set session_replication_role = replica;
       insert into ${at}.events (position, stream_id, version, id, recorded_at, type, data)
       select n, s.id, n, gen_random_uuid(), now(), 'Other', '{}' from ${at}.streams as s, generate_series(2, 100001) as n;
       select setval('${at.replaceAll("'", "''")}.events_position_seq', 100001);
       set session_replication_role = origin`,
    );
    const controller = new AbortController();
    const reason = new Error("enough");
    const seen: number[] = [];
    const broken = store.verify({
      signal: controller.signal,
      onProgress: ({ position, events, fraction }) => {
        expect([events, Math.round(fraction * 100_001)]).toEqual([position, position]);
        if (seen.push(position) === 2) controller.abort(reason);
      },
    });
    await expect(broken).rejects.toBe(reason);
    expect(seen).toEqual([50_000, 100_000]);
    expect(await store.verify({ from: 100_000 })).toMatchObject({ ok: true, events: 1, until: 100_001 });
    expect(await store.verify()).toMatchObject({ ok: true, events: 100_001 });

    const database = await openDatabase(databaseUrl);
    try {
      let rows = 0;
      const query: Database["query"] = async (...asked) => {
        const answer = await database.query(...asked);
        rows += answer.length;
        return answer;
      };
      const { signal } = new AbortController();
      const verification = { database: { ...database, query }, schema, problems: new Problems(), signal, chain: undefined };
      expect(await verifyLog(verification, { from: 0, until: 100_001, tenant: undefined }, () => {})).toMatchObject({ events: 100_001 });
      // Of each of three pages where it begins and what came of it, and how many tags there are.
      expect(rows).toBe(7);
    } finally {
      await database.close();
    }
  });

  test("refuses options that mean nothing", async ({ store }) => {
    // @ts-expect-error
    await expect(store.verify({ untill: 1 })).rejects.toThrow('did you mean "until"');
    await expect(store.verify({ from: 5, until: 4 })).rejects.toThrow("options.until is 4; the verification begins after position 5");
    await expect(store.verify({ documents: -1 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});
