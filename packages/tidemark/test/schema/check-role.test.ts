import { randomBytes } from "node:crypto";
import pg from "pg";
import { openEventStore, rolesSql } from "tidemark";
import { itemAdded } from "../support/cart.ts";
import { describe, expect, test as base } from "../support/test.ts";

/** Opens the store with `requireRole` as a role of its own, which `grants` give something. */
const test = base.extend("openAs", async ({ store, sql, schema, databaseUrl }, { onCleanup }) => {
  await store.highWaterMark();
  const prefix = `tidemark_${randomBytes(4).toString("hex")}`;
  await sql.query(rolesSql({ schema, prefix }));
  const login = `${prefix}_login`;
  await sql.query(`create role ${login} login password 'not a secret'`);
  onCleanup(async () => {
    await sql.query(`alter schema ${pg.escapeIdentifier(schema)} owner to postgres; alter table ${pg.escapeIdentifier(schema)}.events owner to postgres`);
    for (const role of [login, ...["owner", "writer", "reader", "worker", "operator"].map((kind) => `${prefix}_${kind}`)])
      await sql.query(`drop owned by ${role} cascade; drop role ${role}`);
  });
  return async (grants: string, use: (opened: Awaited<ReturnType<typeof openEventStore>>) => Promise<unknown> = async () => {}): Promise<void> => {
    await sql.query(grants.replaceAll("$prefix", prefix).replaceAll("$login", login).replaceAll("$schema", pg.escapeIdentifier(schema)));
    const url = new URL(databaseUrl);
    url.username = login;
    url.password = "not a secret";
    await using opened = await openEventStore(url.href, { schema, requireRole: true });
    await use(opened);
  };
});

describe("requireRole", () => {
  test.for(["writer", "worker"] as const)("lets a %s of rolesSql work", async (kind, { openAs }) => {
    await openAs(`grant $prefix_${kind} to $login`, (store) => store.appendToStream("cart-1", [itemAdded()]));
  });

  test.for(["reader", "operator"] as const)("lets a %s of rolesSql look", async (kind, { openAs }) => {
    await openAs(`grant $prefix_${kind} to $login`, (store) => store.readAll().toArray());
  });

  test.for([
    ["a superuser", "alter role $login superuser", ["is a superuser"]],
    ["a role that bypasses row-level security", "grant $prefix_writer to $login; alter role $login bypassrls", ["bypasses row-level security"]],
    [
      "the owner of the schema",
      "grant $prefix_writer to $login; alter schema $schema owner to $login",
      [expect.stringMatching(/^owns the schema, or is a member of its owner, tidemark_/)],
    ],
    ["the owner of the log", "grant $prefix_writer to $login; alter table $schema.events owner to $login", [expect.stringMatching(/^owns the table events/)]],
    [
      // Before PostgreSQL 16 it inherits nothing from the writer either.
      "a member of the owner that does not inherit from it",
      "grant usage on schema $schema to $login; alter role $login noinherit; alter schema $schema owner to $prefix_owner; grant $prefix_owner to $login",
      [expect.stringMatching(/^owns the schema, or is a member of its owner, tidemark_\w+_owner$/)],
    ],
    ["a role that may delete events", "grant $prefix_writer to $login; grant delete on $schema.events to $login", ["may update, delete or truncate events"]],
    [
      "a role that may change a column",
      "grant $prefix_writer to $login; grant update (data) on $schema.events to $login",
      ["may update, delete or truncate events"],
    ],
  ] as const)("refuses %s", async ([, grants, reasons], { openAs, schema }) => {
    await expect(openAs(grants)).rejects.toMatchObject({ code: "ROLE_REFUSED", schema, role: expect.stringMatching(/^tidemark_\w+_login$/), reasons });
  });

  test("says what to do", async ({ openAs }) => {
    await expect(openAs("alter role $login superuser")).rejects.toThrow(
      /^Role tidemark_\w+_login is a superuser, more than the store needs, and requireRole is true\. .*npx tidemark migrate roles --schema 'we"ird Schema \d+'/,
    );
  });

  test("verifies the schema, and does not migrate: that is the owner's", async ({ openAs, databaseUrl, absentSchema }) => {
    await openAs("grant $prefix_writer to $login");
    await expect(openEventStore(databaseUrl, { schema: absentSchema, requireRole: true, migrate: "auto" })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      path: "options.migrate",
    });
  });

  test("is no option of an embedded database, which has its superuser alone", async () => {
    await expect(openEventStore({ requireRole: true })).rejects.toMatchObject({ code: "ROLE_REFUSED", reasons: ["is a superuser"] });
  });
});
