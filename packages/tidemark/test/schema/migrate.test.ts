import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { createFunctionSet } from "../../src/schema/function-set.ts";
import { type Migration, migrations, nameOfStep, type SchemaStep, type ShippedSchema, shippedSchema } from "../../src/schema/migrations.ts";
import { migrate } from "../../src/schema/migrate.ts";
import { verify } from "../../src/schema/verify.ts";
import { collect } from "./collect.ts";
import { holdingMigrationLock, holdingUp, waitsForLock } from "./gates.ts";
import { createRole } from "./roles.ts";
import { describe, expect, test } from "./test.ts";

const processFile = join(import.meta.dirname, "migrate-process.ts");

function migration(version: number, text: string): Migration {
  return { version, name: `step-${version}`, text, hash: `hash ${version}`, breaking: false };
}

const steps: readonly SchemaStep[] = [...migrations, shippedSchema.functions];

function shipped(...numbered: readonly Migration[]): ShippedSchema {
  return { migrations: numbered, functions: createFunctionSet([]) };
}

/** Names of the relations in a schema. */
async function relations(sql: pg.Pool, schema: string): Promise<readonly string[]> {
  const { rows } = await sql.query<{ name: string }>(
    "select relname as name from pg_class join pg_namespace as n on n.oid = relnamespace where nspname = $1 and relkind in ('r', 'S') order by 1",
    [schema],
  );
  return rows.map(({ name }) => name);
}

describe("migrating", () => {
  test("makes a store in an empty database, tells of it, and finds nothing to do the second time", async ({ database, schema, sql }) => {
    const logger = collect();
    expect(await migrate(database, schema, { logger })).toEqual(steps);
    expect(logger.lines).toEqual(steps.map((step) => expect.stringContaining(`info tidemark: applied ${nameOfStep(step)} to schema`)));
    await verify(database, schema);
    expect(await relations(sql, schema)).toEqual(expect.arrayContaining(["events", "events_position_seq", "function_sets", "migrations", "streams"]));
    expect(await migrate(database, schema, { logger })).toEqual([]);
    expect(logger.lines).toHaveLength(steps.length);
  });

  test("takes no lock when nothing is pending, not even behind one that stops everything", async ({ database, schema, sql }) => {
    await migrate(database, schema);
    await holdingMigrationLock(sql, schema, async (holder) => {
      await holder.query(`lock table ${pg.escapeIdentifier(schema)}.events, ${pg.escapeIdentifier(schema)}.streams`);
      expect(await migrate(database, schema, { lockTimeoutMs: 1 })).toEqual([]);
    });
  });

  test("succeeds in twenty processes that start at once on an empty database, and is done once", async ({ databaseUrl, schema, database }) => {
    const run = promisify(execFile);
    const results = await Promise.all(Array.from({ length: 20 }, () => run(process.execPath, [processFile, databaseUrl, schema])));
    expect(results.reduce((sum, { stdout }) => sum + Number(stdout), 0)).toBe(steps.length);
    await verify(database, schema);
  });

  test("does not wait for another schema that is being migrated", async ({ database, schema, sql }) => {
    await holdingMigrationLock(sql, `${schema} too`, async () => {
      expect(await migrate(database, schema, { lockTimeoutMs: 1 })).toHaveLength(steps.length);
    });
  });

  test("tries again when somebody else creates the schema at the same moment", async ({ database, schema, sql }) => {
    const logger = collect();
    const stranger = await sql.connect();
    try {
      await stranger.query(`begin; create schema ${pg.escapeIdentifier(schema)}`);
      const migrating = migrate(database, schema, { logger });
      await waitsForLock(sql, "create schema");
      await stranger.query("commit");
      expect(await migrating).toHaveLength(steps.length);
      expect(logger.lines[0]).toContain("23505");
    } finally {
      await stranger.query("rollback");
      stranger.release();
    }
  });

  test("keeps the migrations before one that fails, and nothing of that one", async ({ database, schema, sql }) => {
    const one = migration(1, `create table :"schema".one ();`);
    const broken = migration(2, `create table :"schema".two (); select 1 / 0;`);
    await expect(migrate(database, schema, { shipped: shipped(one, broken) })).rejects.toMatchObject({ code: "DATABASE", sqlState: "22012" });
    expect(await relations(sql, schema)).toEqual(["function_sets", "migrations", "one"]);
    const repaired = shipped(one, migration(2, `create table :"schema".two ();`));
    expect(await migrate(database, schema, { shipped: repaired })).toEqual([...repaired.migrations.slice(1), repaired.functions]);
    expect(await relations(sql, schema)).toEqual(["function_sets", "migrations", "one", "two"]);
  });

  test("leaves nothing half done when its process is killed, and the next one finishes", async ({ databaseUrl, database, schema, sql }) => {
    await holdingUp(sql, "CREATE TRIGGER", async () => {
      const child = execFile(process.execPath, [processFile, databaseUrl, schema]);
      const pid = await waitsForLock(sql, "insert into");
      child.kill("SIGKILL");
      await sql.query("select pg_terminate_backend($1, 5000)", [pid]);
      expect(await relations(sql, schema)).toEqual([]);
    });
    expect(await migrate(database, schema)).toHaveLength(steps.length);
  });

  test("goes on by itself after its connection was lost half-way", async ({ database, schema, sql }) => {
    const logger = collect();
    const migrating = await holdingUp(sql, "CREATE TRIGGER", async () => {
      const call = migrate(database, schema, { logger });
      await sql.query("select pg_terminate_backend($1, 5000)", [await waitsForLock(sql, "insert into")]);
      return { call };
    });
    expect(await migrating.call).toHaveLength(steps.length);
    expect(logger.lines[0]).toContain("57P01");
  });

  test("gives up with the reason when a lock never becomes free", async ({ database, schema, sql }) => {
    await holdingMigrationLock(sql, schema, async () => {
      await expect(migrate(database, schema, { lockTimeoutMs: 1 })).rejects.toMatchObject({
        sqlState: "55P03",
        retryable: true,
        message: expect.stringContaining("Another process is migrating it"),
      });
    });
    expect(await migrate(database, schema)).toHaveLength(steps.length);
  });

  test("stops waiting for a lock when its signal aborts", async ({ database, schema, sql }) => {
    const controller = new AbortController();
    await holdingMigrationLock(sql, schema, async () => {
      const migrating = migrate(database, schema, { lockTimeoutMs: 200, signal: controller.signal });
      await waitsForLock(sql, "pg_advisory_xact_lock");
      controller.abort(new Error("enough"));
      await expect(migrating).rejects.toThrow("enough");
    });
  });

  test("is not stopped by the role's own statement_timeout", async ({ databaseUrl, schema, sql }) => {
    await using role = await createRole(sql, "set statement_timeout = '30ms'");
    await sql.query(`grant create on database ${new URL(databaseUrl).pathname.slice(1)} to ${role.name}`);
    const slow = shipped(migration(1, `select pg_sleep(0.1); create table :"schema".one ();`));
    expect(await migrate(await role.open(databaseUrl), schema, { shipped: slow })).toEqual([...slow.migrations, slow.functions]);
  });
});

describe("a role that may not migrate", () => {
  test("is told which privilege is missing, and what else can be done", async ({ databaseUrl, schema, sql }) => {
    await using role = await createRole(sql);
    await expect(migrate(await role.open(databaseUrl), schema)).rejects.toMatchObject({
      code: "DATABASE",
      sqlState: "42501",
      message: expect.stringMatching(new RegExp(`permission denied for database .*npx tidemark migrate up.*grant create on database \\w+ to ${role.name};`)),
    });
  });

  test("is told the same for a schema that is there already, and needs no more than the grant says", async ({ databaseUrl, schema, sql }) => {
    await using role = await createRole(sql);
    await sql.query(`create schema ${pg.escapeIdentifier(schema)}; grant usage on schema ${pg.escapeIdentifier(schema)} to ${role.name}`);
    const grant = `grant usage, create on schema ${pg.escapeIdentifier(schema)} to ${role.name};`;
    await expect(migrate(await role.open(databaseUrl), schema)).rejects.toThrow(grant);
    await sql.query(grant);
    expect(await migrate(await role.open(databaseUrl), schema)).toHaveLength(steps.length);
  });
});
