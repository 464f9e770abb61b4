import { readFile } from "node:fs/promises";
import { startServer } from "@tidemark/servers";
import pg from "pg";
import { defineConsumer, type DoctorCode, type DoctorFinding, openEventStore } from "tidemark";
import { doctor } from "../../src/operations/doctor/doctor.ts";
import { examinePrivileges } from "../../src/operations/doctor/examine-privileges.ts";
import { examineServer } from "../../src/operations/doctor/examine-server.ts";
import { examineSettings } from "../../src/operations/doctor/examine-settings.ts";
import { doctorCodes } from "../../src/operations/doctor/finding.ts";
import { defaultThresholds, type DoctorThresholds } from "../../src/operations/doctor/thresholds.ts";
import { Feed } from "../../src/feed/feed.ts";
import { functionSet, suffixOf } from "../../src/schema/function-set.ts";
import { openDatabase } from "../schema/open.ts";
import { createRole } from "../schema/roles.ts";
import { itemAdded } from "../support/cart.ts";
import { openTransaction } from "../support/open-transaction.ts";
import { describe, eventually, expect, test as base } from "../support/test.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const own = suffixOf(functionSet);

const test = base
  .extend("at", ({ schema }) => `${pg.escapeIdentifier(schema)}.`)
  /** Runs SQL as a superuser whom no trigger stops. `@` is the quoted schema and a dot. */
  .extend("run", ({ sql, at }) => async (text: string): Promise<void> => {
    await sql.query(`set session_replication_role = replica; ${text.replaceAll("@", () => at)}; set session_replication_role = origin`);
  })
  /** The findings under other thresholds. */
  .extend("examine", async ({ databaseUrl, schema }, { onCleanup }) => {
    const database = await openDatabase(databaseUrl);
    onCleanup(() => database.close());
    const feed = new Feed(database, schema, silent);
    return (thresholds: Partial<DoctorThresholds> = {}): Promise<readonly DoctorFinding[]> =>
      doctor({ database, schema, feed, durability: "server", thresholds: { ...defaultThresholds, ...thresholds } });
  });

const of = (findings: readonly DoctorFinding[], code: DoctorCode): readonly DoctorFinding[] => findings.filter((finding) => finding.code === code);

test("a store that is well has no findings, on each major version of PostgreSQL", async () => {
  for (const version of [16, 17, 18] as const) {
    await using server = await startServer({ version });
    await using store = await openEventStore(server.url);
    await store.appendToStream("cart-1", [itemAdded()]);
    await store.indexes.create("causation");
    await using _chained = await openEventStore(server.url, { integrity: "chain" });
    expect([version, await store.doctor()]).toEqual([version, []]);
  }
});

test("each finding has a part in the reference, and is provoked here", async () => {
  const page = await readFile(new URL("../../../../docs/reference/doctor.md", import.meta.url), "utf8");
  const headings = page
    .split("\n")
    .filter((line) => line.startsWith("### "))
    .join();
  expect(doctorCodes.length).toBeGreaterThan(25);
  expect(doctorCodes.filter((code) => !headings.includes(`\`${code}\``))).toEqual([]);
  const tests = await readFile(import.meta.filename, "utf8");
  expect(doctorCodes.filter((code) => !tests.includes(`"${code}"`))).toEqual([]);
});

test("an embedded store may be examined, too", async () => {
  await using store = await openEventStore();
  expect(await store.doctor()).toEqual([]);
});

/** What is done to a schema → what is said of it, by code. */
const damages: Readonly<Record<string, readonly [sql: string, code: DoctorCode, what: RegExp, mend: RegExp]>> = {
  "a lost index": [
    "drop index @events_recorded_at_brin",
    "object-missing",
    /^The index events\.events_recorded_at_brin is missing\.$/,
    /^create index concurrently .*brin/,
  ],
  "a lost constraint": [
    "alter table @events drop constraint events_tenant_id_key",
    "object-missing",
    /^The constraint events\.events_tenant_id_key is missing\.$/,
    /add constraint "events_tenant_id_key" UNIQUE \(tenant, id\);$/,
  ],
  "a lost trigger": ["drop trigger events_append_only on @events", "object-missing", /^The trigger events\.events_append_only is missing\.$/, /./],
  "a lost table": ["drop table @timers cascade", "object-missing", /^The table timers is missing\.$/, /./],
  "a trigger that is switched off": [
    "alter table @events disable trigger events_append_only",
    "object-changed",
    /\(disabled\)", not "/,
    /enable trigger "events_append_only";$/,
  ],
  "a changed column": [
    "alter table @events alter column metadata set default '{}'",
    "object-changed",
    /^The column events\.metadata is "jsonb default '{}'::jsonb", not "jsonb"\.$/,
    /./,
  ],
  "an index of somebody's": [
    "create index mine on @events (type)",
    "object-left-over",
    /^The index events\.mine is none of the library's\.$/,
    /drop index concurrently .*"mine";$/,
  ],
  "a table of somebody's": ["create table @mine (a int primary key)", "object-left-over", /^The table mine is none of the library's\.$/, /drop table /],
  "a trigger of somebody's": [
    "create trigger mine before insert on @events execute function @refuse_change('a', 'b')",
    "object-left-over",
    /^The trigger events\.mine/,
    /drop trigger "mine"/,
  ],
  "a chain that lost its trigger": [
    "insert into @event_chain (position) values (2)",
    "chain-broken",
    /^Events after position 2 should carry a hash, and the trigger events_chain is missing\.$/,
    /^create trigger events_chain before insert on .*; tidemark verify then tells/,
  ],
  "a chain whose trigger is switched off": [
    "insert into @event_chain (position) values (2); create trigger events_chain before insert on @events for each row execute function @chain_event(); alter table @events disable trigger events_chain",
    "chain-broken",
    /the trigger events_chain is disabled\.$/,
    /^alter table .* enable trigger events_chain;/,
  ],
  "a chain without a beginning": [
    "create trigger events_chain before insert on @events for each row execute function @chain_event()",
    "chain-broken",
    /^Events are hashed, and .* does not say since when\.$/,
    /^insert into .*event_chain \(position\) select/,
  ],
  "a lost function": [
    `drop function @rarest_tag${own}`,
    "function-missing",
    new RegExp(`^The function rarest_tag${own} is missing\\.$`),
    /tidemark migrate up$/,
  ],
  "a lost public function": ["drop function @blockers()", "function-missing", /^The function blockers is missing\.$/, /tidemark migrate up$/],
  "functions of another version": [
    "insert into @function_sets (hash) values (repeat('ab', 32)); create function @append_one_abababab() returns int language sql as 'select 1'",
    "functions-of-another-edition",
    /^The schema has the functions of 1 other version of the library: abababab\.$/,
    /^Nothing\./,
  ],
  "a function of no version": [
    "create function @append_one_0badf00d() returns int language sql as 'select 1'",
    "function-left-over",
    /^The function append_one_0badf00d belongs to no set\.$/,
    /^drop function /,
  ],
  "a changed sequence": ["alter sequence @events_position_seq cache 20", "sequence-changed", /has increment 1, cache 20, no cycle\.$/, /cache 1 no cycle;$/],
  "a sequence behind the log": [
    "select setval('@events_position_seq', 1)",
    "sequence-behind",
    /is at 1, and the log reaches to 2\.$/,
    /^select pg_catalog\.setval\(.*, 2\);$/,
  ],
  "a checkpoint of an event that is gone": [
    "update @consumer_shards set event_id = gen_random_uuid(), position = 2",
    "history-forked",
    /has read an event at position 2/,
    /consumers reset mailer/,
  ],
  "a lease from the future": [
    "update @consumer_leases set lease_end = clock_timestamp() + interval '3 days', owner = 'somebody'",
    "lease-stuck",
    /^The lease of shard 0 of "mailer" ends in 259\d{3} s, longer than any lease is; its owner is "somebody"\.$/,
    /set lease_end = '-infinity' where id = \d+;$/,
  ],
  "a dead letter": [
    "insert into @dead_letters (consumer, position, stream_id, event_id, state) values ('mailer', 1, 1, gen_random_uuid(), 'failed')",
    "dead-letters",
    /^The consumer "mailer" has 1 dead letter\.$/,
    /^Run: tidemark dead-letters list --consumer mailer;/,
  ],
  "a table without autovacuum": [
    "alter table @timers set (autovacuum_enabled = false)",
    "autovacuum-off",
    /^autovacuum is off for .*"timers"\.$/,
    /reset \(autovacuum_enabled\);$/,
  ],
};

test("what a newer version has added is not called strange", async ({ store, run, examine }) => {
  await store.highWaterMark();
  await run("alter table @timers add column newer integer");
  expect(of(await examine(), "object-left-over")).toMatchObject([{ what: "The column timers.newer is none of the library's." }]);
  await run("insert into @migrations (version, name, hash, breaking) values (99, 'newer', 'h', false)");
  expect(of(await examine(), "object-left-over")).toEqual([]);
});

describe("the doctor finds", () => {
  for (const [name, [sql, code, what, mend]] of Object.entries(damages)) {
    test(`${name}: ${code}`, async ({ application, run, examine }) => {
      await application.appendToStream("cart-1", [itemAdded(), itemAdded()]);
      const worker = application.createWorker({ consumers: [defineConsumer({ name: "mailer", handle() {} })] });
      await worker.start();
      await worker.caughtUp();
      await worker.stop();
      expect(of(await examine(), code)).toEqual([]);
      await run(sql);
      expect(of(await examine(), code)).toMatchObject([
        { code, what: expect.stringMatching(what), mend: expect.stringMatching(mend), why: expect.stringMatching(/\.$/) },
      ]);
    });
  }

  test("a function with another text: function-changed", async ({ store, run, examine }) => {
    await store.highWaterMark();
    // Not by "create or replace", which may make an overload beside it. The text is replaced where PostgreSQL keeps it.
    await run(
      `update pg_catalog.pg_proc set prosrc = prosrc || '-- changed' where proname = 'hold_floor${own}' and pronamespace = trim(trailing '.' from '@')::regnamespace`,
    );
    expect(of(await examine(), "function-changed").length).toBeGreaterThan(0);
  });

  test("an index that a failed build left behind: index-invalid", async ({ application, sql, at, examine }) => {
    await application.appendToStream("cart-1", [itemAdded(), itemAdded()]);
    await expect(sql.query(`create unique index concurrently half on ${at}events (type)`)).rejects.toThrow(/could not create unique index/);
    expect(of(await examine(), "index-invalid")).toMatchObject([
      { what: expect.stringContaining('"half" is invalid'), mend: expect.stringContaining("drop index concurrently") },
    ]);
  });

  test("an index that is never used: index-unused", async ({ application, run, examine }) => {
    await application.appendToStream("cart-1", [itemAdded()]);
    await run("create index mine on @events (type)");
    expect(of(await examine(), "index-unused")).toEqual([]);
    expect(of(await examine({ unusedBytes: 1 }), "index-unused").some(({ what }) => what.includes('"mine" takes 1 MB and has never been used'))).toBe(true);
  });

  test("what a role lacks: privilege-missing", async ({ store, sql, schema, at, databaseUrl }) => {
    await store.highWaterMark();
    await using role = await createRole(sql);
    const database = await role.open(databaseUrl);
    expect(await examinePrivileges(database, schema)).toMatchObject(
      expect.arrayContaining([
        expect.objectContaining({ code: "privilege-missing", what: `Role ${role.name} lacks usage on schema ${pg.escapeIdentifier(schema)}.` }),
      ]),
    );
    // What it is told is what mends it.
    for (const { mend } of await examinePrivileges(database, schema)) await sql.query(mend);
    expect(await examinePrivileges(database, schema)).toEqual([]);
    await sql.query(`revoke update (category) on ${at}streams from ${role.name}`);
    expect(await examinePrivileges(database, schema)).toMatchObject([
      { severity: "error", mend: `grant update (category) on ${at}"streams" to ${role.name};`.replace('"streams"', "streams") },
    ]);
  });

  test("defaults of a role or a database: setting-dangerous", async ({ store, sql, databaseUrl }) => {
    await store.highWaterMark();
    await using role = await createRole(sql, "set statement_timeout = 60000");
    const name = new URL(databaseUrl).pathname.slice(1);
    await sql.query(`alter database ${name} set lock_timeout = '2s'`);
    try {
      const findings = of(await examineSettings(await role.open(databaseUrl), { durability: "server" }), "setting-dangerous").toSorted((a, b) =>
        a.what < b.what ? -1 : 1,
      );
      expect(findings).toMatchObject([
        {
          what: `lock_timeout is 2000 ms, from database ${name}: it makes appends fail that only wait for their turn.`,
          mend: `alter database ${name} reset lock_timeout;`,
        },
        {
          what: `statement_timeout is 60000 ms, from role ${role.name}: it ends rebuilds, verification and long reads.`,
          mend: `alter role ${role.name} reset statement_timeout;`,
        },
      ]);
      for (const { mend } of findings) await sql.query(mend);
    } finally {
      await sql.query(`alter database ${name} reset lock_timeout`);
    }
    expect(of(await examineSettings(await role.open(databaseUrl), { durability: "server" }), "setting-dangerous")).toEqual([]);
  });

  test("whichever default harms the library: setting-dangerous, autovacuum-off", async ({ store, sql, databaseUrl }) => {
    await store.highWaterMark();
    const harmful: Readonly<Record<string, string>> = {
      default_transaction_isolation: "serializable",
      default_transaction_read_only: "on",
      enable_indexscan: "off",
      idle_in_transaction_session_timeout: "1h",
      lock_timeout: "1h",
      session_replication_role: "replica",
      statement_timeout: "1h",
      track_counts: "off",
      transaction_timeout: "1h",
    };
    // PostgreSQL has had transaction_timeout since 17.
    const { rows } = await sql.query<{ name: string }>("select name from pg_settings where name = any ($1) order by name", [Object.keys(harmful)]);
    const names = rows.map(({ name }) => name);
    await using role = await createRole(sql);
    for (const name of names) await sql.query(`alter role ${role.name} set ${name} = '${harmful[name]}'`);
    const findings = await examineSettings(await role.open(databaseUrl), { durability: "server" });
    const dangerous = names.filter((name) => name !== "track_counts");
    expect(of(findings, "setting-dangerous").map(({ mend }) => mend)).toEqual(
      expect.arrayContaining(dangerous.map((name) => `alter role ${role.name} reset ${name};`)),
    );
    expect(of(findings, "autovacuum-off")).toMatchObject([{ what: expect.stringMatching(/^track_counts is off/) }]);
    for (const name of names) await sql.query(`alter role ${role.name} reset ${name}`);
    expect(of(await examineSettings(await role.open(databaseUrl), { durability: "server" }), "autovacuum-off")).toEqual([]);
  });

  test("a server that forgets, or does not clean up: durability-weak, autovacuum-off", async () => {
    await using server = await startServer({ settings: { fsync: "off", full_page_writes: "off", synchronous_commit: "off", autovacuum: "off" } });
    await using store = await openEventStore(server.url, { logger: silent });
    const findings = await store.doctor();
    expect(of(findings, "durability-weak").map(({ severity, what }) => [severity, what])).toEqual([
      ["error", "fsync is off on this server."],
      ["error", "full_page_writes is off on this server."],
      ["warning", "Appends run with synchronous_commit = off."],
    ]);
    expect(of(findings, "autovacuum-off")).toMatchObject([{ what: "autovacuum is off on this server." }]);
    await using durable = await openEventStore(server.url, { durability: "on", logger: silent });
    expect(of(await durable.doctor(), "durability-weak")).toHaveLength(2);
  });

  test("who holds the mark back, also in a prepared transaction: mark-held", async ({ application, store, examine, sql }) => {
    {
      await using _held = await openTransaction(application, (tx) => tx.appendToStream("cart-1", [itemAdded()]));
      const [blocker] = await store.blockers();
      expect(of(await examine({ markHeldMs: 0 }), "mark-held")).toMatchObject([
        { severity: "warning", mend: expect.stringContaining(`select pg_catalog.pg_terminate_backend(${blocker?.pid});`) },
      ]);
      expect(of(await examine({ markHeldMs: 600_000 }), "mark-held")).toEqual([]);
    }
    const client = await sql.connect();
    const name = `doctor ${store.metrics().openForMs}`;
    try {
      await client.query("begin");
      await store.withTransaction(client).appendToStream("cart-1", [itemAdded()]);
      await client.query(`prepare transaction '${name}'`);
      const [finding] = of(await examine({ markHeldMs: 0 }), "mark-held");
      expect(finding?.mend).toBe(`commit prepared '${name}'; or: rollback prepared '${name}';`);
    } finally {
      await client.query(`rollback prepared '${name}'`);
      client.release();
    }
    expect(of(await examine({ markHeldMs: 0 }), "mark-held")).toEqual([]);
  });

  test("consumers that stopped, lag, or that no worker runs: consumer-stopped, consumer-behind, worker-missing", async ({ application, store, examine }) => {
    const gate = Promise.withResolvers<void>();
    const stopping = defineConsumer({
      name: "stopping",
      onFailure: "stop",
      retry: { attempts: 1 },
      handle() {
        throw new Error("not today");
      },
    });
    const slow = defineConsumer({ name: "slow", handle: () => gate.promise });
    const idle = application.createWorker({ consumers: [defineConsumer({ name: "idle", handle() {} })] });
    await idle.start();
    await idle.stop();
    await using worker = application.createWorker({ consumers: [stopping, slow], onError: () => {} });
    await worker.start();
    try {
      await application.appendToStream("cart-1", [itemAdded()]);
      await eventually(async () => {
        const findings = await examine({ behindMs: 0 });
        expect(of(findings, "consumer-stopped")).toMatchObject([
          {
            severity: "error",
            what: 'The consumer "stopping" stopped at an event: not today.',
            mend: expect.stringContaining("tidemark consumers resume stopping"),
          },
        ]);
        expect(of(findings, "consumer-behind")).toMatchObject([{ what: expect.stringMatching(/^The consumer "slow" is 1 event behind, since \d+ s\.$/) }]);
        expect(of(findings, "worker-missing")).toMatchObject([{ what: expect.stringMatching(/^The consumer "idle" is run by no worker, and 1 event behind/) }]);
      });
      await store.consumers.pause("idle");
      expect(of(await examine({ behindMs: 0 }), "worker-missing")).toEqual([]);
    } finally {
      gate.resolve();
    }
  });

  test("tables that need care: table-bloated, statistics-missing", async ({ application, sql, at, examine }) => {
    await application.appendToStream("cart-1", [itemAdded(), itemAdded(), itemAdded()]);
    const client = await sql.connect();
    try {
      await client.query(`alter table ${at}high_water_mark set (autovacuum_enabled = false)`);
      for (let n = 0; n < 20; n++) await client.query(`update ${at}high_water_mark set position = ${n}`);
      await client.query("select pg_stat_force_next_flush()");
    } finally {
      client.release();
    }
    await eventually(async () => {
      const findings = await examine({ deadRows: 5, unanalysedRows: 1 });
      expect(of(findings, "table-bloated").some(({ what }) => /"high_water_mark" has \d+ dead rows beside/.test(what))).toBe(true);
      expect(of(findings, "statistics-missing").some(({ mend }) => mend === `analyze ${at}"events";`)).toBe(true);
    });
    await sql.query(`vacuum analyze ${at}high_water_mark; `.trim());
    await sql.query(`analyze ${at}events`);
    await eventually(async () => {
      const findings = await examine({ deadRows: 5, unanalysedRows: 1 });
      expect(of(findings, "table-bloated").some(({ what }) => what.includes("high_water_mark"))).toBe(false);
      expect(of(findings, "statistics-missing").some(({ what }) => what.includes('"events"'))).toBe(false);
    });
  });

  test("a store that grows: disk-growth", async ({ application, examine, run }) => {
    await application.appendToStream("cart-1", [itemAdded(), itemAdded()]);
    expect(of(await examine({ growthBytes: 1 }), "disk-growth")).toMatchObject([{ what: expect.stringMatching(/it doubles within 7 days\.$/) }]);
    await run("update @events set recorded_at = recorded_at - interval '8 days'");
    expect(of(await examine({ growthBytes: 1 }), "disk-growth")).toEqual([]);
  });

  test("a server that runs out: wraparound-near, slot-holds-wal, connections-scarce, locks-scarce", async ({ store, examine, sql }) => {
    await store.highWaterMark();
    const slot = `tidemark_doctor_${process.pid}`;
    await sql.query("select pg_create_physical_replication_slot($1, true)", [slot]);
    try {
      const findings = await examine({ transactionAge: 1, retainedBytes: 0, connectionsPart: 0, locksPart: 0 });
      expect(of(findings, "wraparound-near")).toMatchObject(
        expect.arrayContaining([
          expect.objectContaining({
            severity: "error",
            what: expect.stringMatching(/^The oldest transaction id of database \S+ is [\d,]+ old; PostgreSQL stops at 2,146,483,648\.$/),
            mend: expect.stringContaining("vacuum (freeze)"),
          }),
        ]),
      );
      expect(
        of(findings, "slot-holds-wal")
          .map(({ what }) => what)
          .join(),
      ).toContain(`${JSON.stringify(slot)} holds back`);
      expect(of(findings, "connections-scarce")).toMatchObject([{ what: expect.stringMatching(/^\d+ of 197 connections are taken; most of them: /) }]);
      expect(of(findings, "locks-scarce")).toMatchObject([{ what: expect.stringMatching(/^\d+ of \d+ locks are taken\.$/) }]);
    } finally {
      await sql.query("select pg_drop_replication_slot($1)", [slot]);
    }
  });

  test("pools that want more than there is: connections-overbooked", async ({ store }) => {
    const [found] = of(await store.doctor({ processes: 1_000 }), "connections-overbooked");
    expect(found).toMatchObject({
      severity: "warning",
      what: expect.stringMatching(/^1000 processes with up to 13 connections each want 13000, and the server has \d+ for them\.$/),
    });
    expect(of(await store.doctor({ processes: 1 }), "connections-overbooked")).toEqual([]);
  });

  test("a process that hears nothing: listener-deaf", async ({ store, databaseUrl }) => {
    await store.highWaterMark();
    const database = await openDatabase(databaseUrl);
    try {
      const listener = { followers: 1, heard: 0, losses: 0 };
      expect(of(await examineServer(database, { ...listener, state: "deaf" }, defaultThresholds), "listener-deaf")).toHaveLength(1);
      expect(of(await examineServer(database, { ...listener, state: "listening" }, defaultThresholds), "listener-deaf")).toEqual([]);
    } finally {
      await database.close();
    }
  });
});
