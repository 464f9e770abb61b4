import { randomBytes } from "node:crypto";
import { inject } from "vitest";
import pg from "pg";
import { migrate } from "../../src/schema/migrate.ts";
import { CollectionTable } from "../../src/documents/collection-table.ts";
import { createCollections } from "../../src/documents/create-collections.ts";
import { DocumentReaders } from "../../src/documents/document-reader.ts";
import { openDatabase } from "../schema/open.ts";
import { describe, drivers, expect, test } from "./test.ts";

type Any = Readonly<Record<string, unknown>>;
const things = { collection: "things", version: 1 };

describe("a database whose collation sorts like a dictionary", () => {
  test("orders and compares texts by code point all the same", async ({ schema }) => {
    const name = `tidemark_test_${randomBytes(6).toString("hex")}`;
    const admin = new pg.Client({ connectionString: inject("serverUrl") });
    await admin.connect();
    await admin.query(`create database ${name} template template0 locale_provider icu icu_locale 'en-US' locale 'C.UTF-8'`);
    const url = new URL(inject("serverUrl"));
    url.pathname = `/${name}`;
    const database = await openDatabase(url.href);
    try {
      // It is such a database: there, a comes before B.
      expect((await database.userQuery("select 'a' < 'B' as dictionary", [])).rows).toEqual([{ dictionary: true }]);
      await migrate(database, schema);
      await createCollections(database, schema, [things]);
      const texts = ["a", "B", "b", "A", "é", "z", "\ue000", "\u{1f600}", "a b", "ab", `${"x".repeat(160)}b`, `${"x".repeat(160)}B`];
      await new CollectionTable(schema, things).write(
        database,
        texts.map((text, n) => ({ tenant: "", id: `d${n}`, data: JSON.stringify({ _id: `d${n}`, text }) })),
      );
      const found = new DocumentReaders(database, schema, "").of<Any>(things);
      const list = (documents: readonly Any[]): unknown[] => documents.map(({ text }) => text);
      const short = { NOT: { text: { gte: "x", lt: "y" } } } as const;
      expect(list(await found.find({ where: short, orderBy: { text: "asc" } }))).toEqual(["A", "B", "a", "a b", "ab", "b", "z", "é", "\ue000", "\u{1f600}"]);
      expect(list(await found.find({ where: { text: { lt: "a" } }, orderBy: { text: "asc" } }))).toEqual(["A", "B"]);
      expect(list(await found.find({ where: { text: { gt: `${"x".repeat(160)}a`, lt: "y" } } }))).toEqual([texts[10]]);
      expect(list(await found.find({ where: { text: { gt: "\ue000" } } }))).toEqual(["\u{1f600}"]);
    } finally {
      await database.close();
      await admin.query(`drop database ${name} with (force)`);
      await admin.end();
    }
  });
});

describe.for(drivers)("what another program wrote, on $driver", ({ test: onDriver }) => {
  onDriver("is compared as JavaScript reads it, however large or small the number", async ({ database, schema, q }) => {
    await createCollections(database, schema, [things]);
    const numbers = ["1e400", "-1e400", "1e-400", "-1e-400", "9007199254740993", "1.50", `0.${"0".repeat(310)}1`];
    for (const [n, number] of numbers.entries()) {
      await database.userQuery(`insert into ${q}.things__v1 (_id, data) values ($1, ('{"n":' || $2 || '}')::jsonb)`, [`d${n}`, number]);
    }
    const found = new DocumentReaders(database, schema, "").of<Any>(things);
    const ids = async (where: object): Promise<string[]> => (await found.find({ where: { ...where }, orderBy: { n: "asc" } })).map(({ _id }) => _id);
    expect(await ids({})).toEqual(["d1", "d2", "d3", "d6", "d5", "d4", "d0"]);
    expect(await ids({ n: { gt: Number.MAX_VALUE } })).toEqual(["d0"]);
    expect(await ids({ n: 0 })).toEqual(["d2", "d3"]);
    expect(await ids({ n: 9_007_199_254_740_992 })).toEqual(["d4"]);
    expect(await ids({ n: 1.5 })).toEqual(["d5"]);
    expect(await ids({ n: { gt: 0, lt: 1 } })).toEqual(["d6"]);
    expect((await found.get("d5"))?.["n"]).toBe(1.5);
  });
});
