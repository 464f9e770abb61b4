import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { type EventStore, openEventStore } from "tidemark";
import { describe, expect, test as base } from "../support/test.ts";
import { documentOf, type Ended, inside } from "./run.ts";

const projection = `
  import { documentProjection } from "tidemark";
  export const counts = documentProjection({
    name: "counts", version: 1, mode: "inline", collection: "counts",
    documentId: ({ streamId }) => streamId,
    evolve: { Noted: (document) => ({ count: (document?.count ?? 0) + 1 }) },
  });`;

const test = base
  .extend(
    "verify",
    ({ databaseUrl, schema }) =>
      (args: readonly string[] = []): Promise<Ended> =>
        inside(["verify", "--url", databaseUrl, "--schema", schema, ...args]),
  )
  .extend("module", async ({}, { onCleanup }) => {
    // Inside the package, so that it finds tidemark.
    const folder = await mkdtemp(join(import.meta.dirname, "verify-"));
    onCleanup(() => rm(folder, { recursive: true }));
    const file = join(folder, "projections.mjs");
    await writeFile(file, projection);
    return file;
  });

async function fill(store: EventStore): Promise<void> {
  await store.appendToStream(
    "cart-1",
    [1, 2, 3].map((n) => ({ type: "Noted", data: { n } })),
  );
  await store.forTenant("acme").appendToStream(
    "cart-1",
    [1, 2].map((n) => ({ type: "Noted", data: { n } })),
  );
}

describe("tidemark verify", () => {
  test("says that nothing is wrong, with documents where it is given projections", async ({ store, verify, module }) => {
    await fill(store);
    const { code, stdout, stderr } = await verify();
    expect([code, stdout]).toEqual([0, ""]);
    expect(stderr).toMatch(/^5 events up to position 5 verified in [\d.]+ s, [\d,]+ a second: nothing is wrong\.\n$/);
    const whole = await verify(["--projections", module, "--json"]);
    expect(documentOf(whole)).toMatchObject({ ok: true, from: 0, until: 5, events: 5, problems: [], counts: {} });
    expect((await verify(["--projections", module])).stderr).toMatch(/5 events up to position 5(?: and \d+ documents?)? verified/);
    expect(documentOf(await verify(["--from", "1", "--until", "3", "--json"]))).toMatchObject({ from: 1, until: 3, events: 2 });
    expect(documentOf(await verify(["--tenant", "acme", "--json"]))).toMatchObject({ events: 2 });
  });

  test("says what is wrong, and exits with 1", async ({ store, verify, sql, schema }) => {
    await fill(store);
    const at = pg.escapeIdentifier(schema);
    await sql.query(`set session_replication_role = replica; delete from ${at}.events where position in (2, 4); set session_replication_role = origin`);
    const { code, stdout } = await verify();
    expect(code).toBe(1);
    expect(stdout).toBe(
      'missing-version (2)\n  Version 3 of stream "cart-1", at position 3, has no event of version 2 before it.\n' +
        '  acme: Version 2 of stream "cart-1", at position 5, has no event of version 1 before it.\n',
    );
    const json = await verify(["--json"]);
    expect(json.code).toBe(1);
    expect(documentOf(json)).toMatchObject({ ok: false, counts: { "missing-version": 2 }, problems: [{ position: 3 }, { position: 5, tenant: "acme" }] });
  });

  test("chains events, prints their digest, and compares one that was kept", async ({ store, verify, databaseUrl, schema, sql }) => {
    await fill(store);
    const chain = (...args: string[]): Promise<Ended> => inside(["migrate", "chain", "--url", databaseUrl, "--schema", schema, ...args]);
    expect(await chain()).toMatchObject({ code: 0, stdout: `Every event after position 5 of schema ${JSON.stringify(schema)} is chained.\n` });
    expect(documentOf(await chain("--json"))).toEqual({ schema, after: 5, active: true });
    await fill(store);
    const { code, stdout } = await verify();
    expect(code).toBe(0);
    const digest = /^digest ([0-9a-f]{64}) up to position 10\n$/.exec(stdout)?.[1] ?? "";
    expect(documentOf(await verify(["--json"]))).toMatchObject({ chain: { after: 5, active: true, digest } });
    expect((await verify(["--until", "10", "--digest", digest])).code).toBe(0);
    expect(await verify(["--digest", digest])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--digest is of the events up to a position; give that too, as until"),
    });
    const at = pg.escapeIdentifier(schema);
    await sql.query(`set session_replication_role = replica; delete from ${at}.events where position = 10; set session_replication_role = origin`);
    expect(await verify(["--until", "10", "--digest", digest])).toMatchObject({ code: 1, stdout: expect.stringContaining(`it was ${digest}`) });
  });

  test("refuses a place that is none, and a schema that holds no store", async ({ store, verify, databaseUrl }) => {
    await fill(store);
    expect(await verify(["--from", "-1"])).toMatchObject({ code: 2 });
    expect(await verify(["--from", "3", "--until", "2"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--until is 2; the verification begins after position 3"),
    });
    expect(await inside(["verify", "--url", databaseUrl, "--schema", "nothing_here"])).toMatchObject({ code: 3 });
  });

  test("verifies an embedded store", async ({ onTestFinished, schema }) => {
    const folder = await mkdtemp(join(import.meta.dirname, "embedded-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const url = `file:${join(folder, "data")}`;
    const store = await openEventStore(url, { schema });
    try {
      await fill(store);
    } finally {
      await store.close();
    }
    expect(documentOf(await inside(["verify", "--url", url, "--schema", schema, "--json"]))).toMatchObject({ ok: true, events: 5 });
  });
});
