import { randomUUID } from "node:crypto";
import pg from "pg";
import { type EventStore, InvalidArgumentError, openEventStore } from "tidemark";
import { runProgram } from "../store/child.ts";
import { describe, expect, test } from "../support/test.ts";

const entry = { action: "pause", subject: "consumer mailer" };

/** A value that the types refuse. */
function any<T>(value: unknown): T {
  const holder: object = { value };
  return Reflect.get(holder, "value");
}

/** A run on a server that was given is about that server. */
const databases: readonly ("PostgreSQL" | "PGlite")[] = process.env["TIDEMARK_TEST_URL"] === undefined ? ["PostgreSQL", "PGlite"] : ["PostgreSQL"];

describe.for(databases)("the audit on %s", (database) => {
  /** `on`: a store of the database that is meant. `pruning`: the same of its owner, who alone may remove entries. */
  const on = test
    .extend("on", async ({ store }, { onCleanup }): Promise<EventStore> => {
      if (database === "PostgreSQL") return store;
      const embedded = await openEventStore({ logger: { debug() {}, info() {}, warn() {}, error: console.error } });
      onCleanup(() => embedded.close());
      return embedded;
    })
    .extend("pruning", async ({ on: store, owner }): Promise<EventStore> => (database === "PostgreSQL" ? owner : store));

  on("has a change as begun, then as done, with all that was said of it", async ({ on: store }) => {
    const id = randomUUID();
    const whole = { ...entry, id, parameters: { name: "mailer", deep: [1, { a: null }] }, actor: "ada", role: "operator", reason: "the mail server moves" };
    expect(await store.audit.record(whole)).toEqual({ id, repeated: false });
    const [begun] = await store.audit.list();
    expect(begun).toEqual({ ...whole, number: expect.any(Number), state: "begun", error: undefined, begunAt: expect.any(Date), settledAt: undefined });
    await store.audit.settle(id);
    const [done] = await store.audit.list();
    expect(done).toEqual({ ...begun, state: "done", settledAt: expect.any(Date) });
    expect(Number(done?.settledAt)).toBeGreaterThanOrEqual(Number(done?.begunAt));
  });

  on("keeps why a change failed, whatever was thrown, and how it ended first", async ({ on: store }) => {
    const thrown: readonly (readonly [unknown, string])[] = [
      [new Error("the worker took it"), "the worker took it"],
      ["a text", "a text"],
      [new Error("a\0b\ud800"), "a\ufffdb\ufffd"],
      [new Error("x".repeat(5_000)), "x".repeat(4_000)],
    ];
    for (const [error, message] of thrown) {
      const { id } = await store.audit.record(entry);
      await store.audit.settle(id, { error });
      await store.audit.settle(id);
      expect((await store.audit.list({ limit: 1 }))[0]).toMatchObject({ id, state: "failed", error: message });
    }
  });

  on("has a change once, however often its id is recorded, also at once and by tenants of their own", async ({ on: store }) => {
    const id = randomUUID();
    const recorded = await Promise.all(Array.from({ length: 4 }, () => store.audit.record({ ...entry, id })));
    expect(recorded.filter(({ repeated }) => !repeated)).toEqual([{ id, repeated: false }]);
    expect(await store.audit.record({ ...entry, id: id.toUpperCase(), action: "resume" })).toEqual({ id, repeated: true });
    expect((await store.audit.list()).map(({ action }) => action)).toEqual(["pause"]);
    expect(await store.forTenant("acme").audit.record({ ...entry, id })).toEqual({ id, repeated: false });
  });

  on("lists the latest first, page by page, by subject, actor, action and state, of one tenant", async ({ on: store }) => {
    await store.forTenant("acme").audit.record({ ...entry, actor: "eve" });
    for (const actor of ["ada", "ben", "ada"]) await store.audit.record({ ...entry, actor });
    const { id } = await store.audit.record({ action: "retry", subject: "consumer other", actor: "ada" });
    await store.audit.settle(id);
    const first = await store.audit.list({ limit: 3 });
    expect(first.map(({ actor, action }) => `${actor} ${action}`)).toEqual(["ada retry", "ada pause", "ben pause"]);
    const before = first.at(-1)?.number ?? 0;
    expect((await store.audit.list({ limit: 3, before })).map(({ actor, action }) => `${actor} ${action}`)).toEqual(["ada pause"]);
    for (const [query, count] of [
      [{ subject: "consumer mailer" }, 3],
      [{ actor: "ada" }, 3],
      [{ action: "retry" }, 1],
      [{ state: "begun" }, 3],
    ] as const)
      expect(await store.audit.list(query), JSON.stringify(query)).toHaveLength(count);
    expect((await store.forTenant("acme").audit.list()).map(({ actor }) => actor)).toEqual(["eve"]);
  });

  on("removes what is older than a time: a tenant its own, the store that of all", async ({ on: store, pruning }) => {
    for (const tenant of ["", "acme", "globex"]) await store.forTenant(tenant).audit.record(entry);
    const hour = 3_600_000;
    expect(await pruning.audit.prune({ before: new Date(Date.now() - hour) })).toBe(0);
    const later = { before: new Date(Date.now() + hour), dryRun: true };
    expect([await pruning.audit.prune(later), await pruning.forTenant("acme").audit.prune(later)]).toEqual([3, 1]);
    expect(await pruning.audit.prune({ before: new Date(Date.now() - hour), dryRun: true })).toBe(0);
    expect(await store.audit.list()).toHaveLength(1);
    expect(await pruning.forTenant("acme").audit.prune({ before: new Date(Date.now() + hour) })).toBe(1);
    expect(await store.audit.list()).toHaveLength(1);
    expect(await pruning.audit.prune({ before: new Date(Date.now() + hour) })).toBe(2);
    expect(await store.audit.list()).toEqual([]);
  });
});

describe("the audit", () => {
  test("writes nothing to the log", async ({ store }) => {
    const { id } = await store.audit.record(entry);
    await store.audit.settle(id);
    expect(await store.readAll().toArray()).toEqual([]);
  });

  test("has a change whose process died before it settled it as begun, and knows its id", async ({ store, databaseUrl, schema }) => {
    const id = randomUUID();
    const program = `
      const store = await openEventStore(${JSON.stringify(databaseUrl)}, { schema: ${JSON.stringify(schema)} });
      await store.audit.record({ id: "${id}", action: "pause", subject: "consumer mailer" });
      process.kill(process.pid, "SIGKILL");`;
    await expect(runProgram(program)).rejects.toMatchObject({ signal: "SIGKILL" });
    expect(await store.audit.list()).toMatchObject([{ id, state: "begun" }]);
    expect(await store.audit.record({ ...entry, id })).toEqual({ id, repeated: true });
  });

  test("removes more than one batch", async ({ store, owner, sql, schema }) => {
    await sql.query(
      `insert into ${pg.escapeIdentifier(schema)}.audit_entries (id, action, subject, begun_at)
       select gen_random_uuid(), 'pause', 'consumer mailer', '2020-01-01' from generate_series(1, 2500)`,
    );
    await store.audit.record(entry);
    expect(await owner.audit.prune({ before: new Date("2021-01-01") })).toBe(2_500);
    expect(await store.audit.list()).toHaveLength(1);
  });

  test("has no entry to settle where none was recorded", async ({ store }) => {
    const id = randomUUID();
    await store.forTenant("acme").audit.record({ ...entry, id });
    await expect(store.audit.settle(id)).rejects.toMatchObject({ code: "NOT_FOUND", kind: "audit entry", key: id });
  });

  test("refuses a bad argument before anything is sent", async ({ openStore }) => {
    const store = await openStore();
    const { audit } = store;
    await store.close();
    const refused: readonly (readonly [() => Promise<unknown>, string])[] = [
      [() => audit.record(any("pause")), "entry"],
      [() => audit.record(any({ subject: "consumer mailer" })), "entry.action"],
      [() => audit.record(any({ action: "pause" })), "entry.subject"],
      [() => audit.record(any({ ...entry, acter: "ada" })), "entry.acter"],
      [() => audit.record({ ...entry, id: "7" }), "entry.id"],
      [() => audit.record({ ...entry, subject: "x".repeat(1_025) }), "entry.subject"],
      [() => audit.record({ ...entry, reason: "a\nb" }), "entry.reason"],
      [() => audit.record(any({ ...entry, parameters: "name" })), "entry.parameters"],
      [() => audit.record({ ...entry, parameters: { at: new Date() } }), "entry.parameters.at"],
      [() => audit.record({ ...entry, parameters: { text: "x".repeat(65_536) } }), "entry.parameters"],
      [() => audit.settle("7"), "id"],
      [() => audit.settle(randomUUID(), any({ eror: "x" })), "options.eror"],
      [() => audit.list({ limit: 10_001 }), "query.limit"],
      [() => audit.list({ before: 0 }), "query.before"],
      [() => audit.list({ state: any("open") }), "query.state"],
      [() => audit.prune(any(undefined)), "options.before"],
      [() => audit.prune({ before: new Date(Number.NaN) }), "options.before"],
      [() => audit.prune({ before: new Date(), dryRun: any("yes") }), "options.dryRun"],
    ];
    for (const [call, argument] of refused) {
      const error = await call().catch((thrown: unknown) => thrown);
      expect(error, argument).toBeInstanceOf(InvalidArgumentError);
      expect(error).toMatchObject({ path: argument });
    }
  });
});
