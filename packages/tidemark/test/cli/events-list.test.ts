import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineEvents, event, openEventStore } from "tidemark";
import { describe, expect } from "../support/test.ts";
import { test } from "./catalogue-file.ts";
import { documentsOf, inside } from "./run.ts";

const known = `
  import { defineEvents, event, retired } from "tidemark";
  export const events = defineEvents({
    ItemAdded: { schema: event<{ sku: string }>(), version: 2, upcast: { 1: ({ data }) => data } },
    CartOpened: retired(() => []),
  });
  export default events;`;

describe("tidemark events list", () => {
  test.for(["server", "PGlite"] as const)(
    "on %s lists each version of each type of all tenants, and what a catalogue says of it",
    async (kind, { databaseUrl, schema, catalogue, onTestFinished }) => {
      const folder = await mkdtemp(join(tmpdir(), "tidemark-list-"));
      onTestFinished(() => rm(folder, { recursive: true }));
      const env = { DATABASE_URL: kind === "server" ? databaseUrl : `file:${join(folder, "data")}` };
      const store = await openEventStore(env.DATABASE_URL, { schema });
      await store.appendToStream("cart-1", [
        { type: "CartOpened", data: {} },
        { type: "ItemAdded", data: {} },
        { type: "Odd", data: {} },
      ]);
      await store.forTenant("acme").appendToStream("cart-1", [{ type: "ItemAdded", data: {} }]);
      await store.close();
      const newer = await openEventStore(env.DATABASE_URL, {
        schema,
        events: defineEvents({ ItemAdded: { schema: event<object>(), version: 3, upcast: { 1: ({ data }) => data, 2: ({ data }) => data } } }),
      });
      await newer.appendToStream("cart-1", [{ type: "ItemAdded", data: {} }]);
      await newer.close();

      const file = await catalogue(known);
      const listed = await inside(["events", "list", "--schema", schema, "--catalogue", file, "--json"], { env });
      expect([listed.code, documentsOf(listed)]).toMatchObject([
        0,
        [
          { type: "CartOpened", schemaVersion: 1, count: 1, firstPosition: 1, lastPosition: 1, catalogue: "retired" },
          { type: "ItemAdded", schemaVersion: 1, count: 2, firstPosition: 2, lastPosition: 4, catalogue: "older" },
          { type: "ItemAdded", schemaVersion: 3, count: 1, firstPosition: 5, lastPosition: 5, catalogue: "newer" },
          { type: "Odd", schemaVersion: 1, count: 1, catalogue: "unknown", firstAt: expect.stringMatching(/^20.*Z$/) },
        ],
      ]);
      const table = await inside(["events", "list", "--schema", schema], { env });
      expect(table.stdout.split("\n")[0]).toMatch(/^events +version +first seen +last seen +type$/);
      expect(table.stdout).toMatch(/\n +2 +1 +20\S+Z +20\S+Z +ItemAdded\n/);
      expect(table.stdout).not.toContain("\u001b");
      const acme = await inside(["events", "list", "--schema", schema, "--tenant", "acme", "--json"], { env });
      expect(documentsOf(acme)).toMatchObject([{ type: "ItemAdded", count: 1 }]);
    },
  );

  test("tells where there are no events", async ({ store, databaseUrl, schema }) => {
    void store;
    const { code, stdout, stderr } = await inside(["events", "list", "--schema", schema], { env: { DATABASE_URL: databaseUrl } });
    expect([code, stdout]).toEqual([0, ""]);
    expect(stderr).toContain("There are no events");
  });

  test.for([
    ["export const limit = 7;", "exports no catalogue: it exports limit (a number)"],
    [
      `import { defineEvents, event } from "tidemark"; export const a = defineEvents({ A: event() }); export const b = defineEvents({ B: event() });`,
      "exports 2 catalogues: a, b",
    ],
    ["class DefinedEvents {} export const events = new DefinedEvents();", "of another copy of tidemark"],
    [`throw new Error("no such key");`, "cannot be loaded: Error: no such key"],
  ] as const)("%j as a catalogue ends with 2", async ([text, told], { catalogue }) => {
    const { code, stderr } = await inside(["events", "list", "--catalogue", await catalogue(text)]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`--catalogue ${told.startsWith("of") ? "" : told}`)]);
    expect(stderr).toContain(told);
  });
});
