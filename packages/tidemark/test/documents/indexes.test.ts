import type { Database } from "../../src/database/database.ts";
import { checkIndexes } from "../../src/documents/collection-index.ts";
import { CollectionTable } from "../../src/documents/collection-table.ts";
import { createCollections } from "../../src/documents/create-collections.ts";
import { DocumentReaders } from "../../src/documents/document-reader.ts";
import type { FindOptions } from "../../src/documents/types.ts";
import { describe, drivers, expect, test } from "./test.ts";

type Any = Readonly<Record<string, unknown>>;

const indexes = checkIndexes(
  [{ path: "total" }, { path: "customer.city" }, { paths: ["status", "total"] }, { path: "at" }, { path: 'it\'s\\."x"' }],
  "indexes",
);
const things = { collection: "things", version: 1, indexes };

/** A database that explains what it is asked instead of answering. */
function explaining(database: Database): { readonly database: Database; readonly plans: string[] } {
  const plans: string[] = [];
  return {
    plans,
    database: {
      ...database,
      async query(statement, values) {
        const rows = await database.query({ name: "explain", text: `explain (costs off) ${statement.text}`, unprepared: true }, values);
        plans.push(rows.map((row) => row["QUERY PLAN"]).join("\n"));
        return [];
      },
    },
  };
}

describe("an index of a collection", () => {
  test.for<readonly [string, FindOptions<Any>, string[]]>([
    ["eq", { where: { total: 7 } }, ["Index Cond", "document_key"]],
    ["in", { where: { "customer.city": { in: ["Pisa", "Lucca"] } } }, ["Index Cond", "'city'"]],
    ["gt", { where: { total: { gt: 4_990 } } }, ["Index Cond", "'total'"]],
    ["lte", { where: { "customer.city": { lte: "city-0010" } } }, ["Index Cond", "'city'"]],
    ["a long text", { where: { "customer.city": "x".repeat(400) } }, ["Index Cond", "'city'"]],
    ["a moment", { where: { at: { gte: new Date("2026-12-01") } } }, ["Index Cond", "'at'"]],
    ["two paths", { where: { status: "open", total: { gte: 4_900 } } }, ["Index Cond", "'total'"]],
    ["a key with dots and quotes", { where: { 'it\'s\\."x"': 3 } }, ["Index Cond", "it''s"]],
    ["an order that rises", { orderBy: { total: "asc" }, limit: 5 }, ["Index Scan using"]],
    ["an order that falls", { orderBy: { total: "desc" }, limit: 5 }, ["Index Scan Backward", "Presorted Key"]],
    ["an order of two paths", { orderBy: { status: "asc", total: "asc" }, limit: 5 }, ["Index Scan using"]],
    ["what is equal, in the order of another", { where: { status: "open" }, orderBy: { total: "asc" }, limit: 5 }, ["Index Scan using", "Index Cond"]],
    ["the next page", { orderBy: { total: "asc" }, limit: 5, after: { _id: "thing-1", _version: 1, total: 1 } }, ["Index Cond", "ROW("]],
    [
      "the next page of an order that falls",
      { orderBy: { total: "desc" }, limit: 5, after: { _id: "thing-1", _version: 1, total: 9 } },
      ["Index Scan Backward", "Index Cond"],
    ],
    ["the next page by id", { limit: 5, after: { _id: "thing-1", _version: 1 } }, ["things__v1_pkey", "Index Cond"]],
  ])("serves %s", async ([, options, parts], { database, schema, sql, q }) => {
    await createCollections(database, schema, [things]);
    await sql.query(
      `insert into ${q}.things__v1 (_id, data)
       select 'thing-' || n, jsonb_build_object('total', n, 'status', case when n % 10 = 0 then 'open' else 'closed' end, 'at', to_char(timestamp '2026-01-01' + n * interval '1 hour', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
         'customer', jsonb_build_object('city', 'city-' || lpad(n::text, 4, '0')), 'it''s."x"', n)
         from generate_series(1, 5000) as n;
       analyze ${q}.things__v1`,
    );
    const { database: explained, plans } = explaining(database);
    await new DocumentReaders(explained, schema, "").of<Any>(things).find(options);
    // Through the view of the live version, too.
    await new DocumentReaders(explained, schema, "").of<Any>("things").find(options);
    expect(plans).toHaveLength(2);
    for (const plan of plans) {
      for (const part of parts) expect(plan).toContain(part);
      expect(plan).not.toContain("Seq Scan");
      // An order that falls is sorted by id where values are equal.
      if (options.limit !== undefined && !parts.includes("Index Scan Backward")) expect(plan).not.toContain("Sort");
    }
  });

  test("is created with its table, once, and later where it is declared later", async ({ database, schema, sql }) => {
    const count = async (): Promise<number> => {
      const { rows } = await sql.query("select 1 from pg_indexes where schemaname = $1 and tablename = 'things__v1'", [schema]);
      return rows.length;
    };
    await createCollections(database, schema, [{ ...things, indexes: indexes.slice(0, 1) }]);
    expect(await count()).toBe(2);
    await createCollections(database, schema, [things]);
    await createCollections(database, schema, [things]);
    expect(await count()).toBe(6);
  });

  test("fits documents with the longest texts and ids there are", async ({ database, schema }) => {
    const collection = {
      collection: "ü".repeat(22),
      version: 2_147_483_647,
      indexes: checkIndexes([{ paths: ["a", "b", "c"] }, { paths: ["a", "b", "c"], unique: true }], "indexes"),
    };
    await createCollections(database, schema, [collection]);
    // Characters of four bytes that nothing compresses.
    const text = (seed: number): string =>
      Array.from({ length: 5_000 }, (_, n) => String.fromCodePoint(0x1_0000 + ((n * 7_919 + seed * 104_729 + n * n * 31) % 0xf_0000))).join("");
    const id = Array.from(text(4)).slice(0, 128).join("");
    const tenant = Array.from(text(5)).slice(0, 32).join("");
    const documents = new DocumentReaders(database, schema, tenant).of<Any>(collection);
    await new CollectionTable(schema, collection).write(database, [{ tenant, id, data: JSON.stringify({ _id: id, a: text(1), b: text(2), c: text(3) }) }]);
    expect(await documents.find({ where: { a: text(1), b: { gte: text(2) } }, orderBy: { c: "desc" } })).toMatchObject([{ _id: id, c: text(3) }]);
  });
});

describe.for(drivers)("a unique index on $driver", ({ test }) => {
  const unique = { collection: "users", version: 1, indexes: checkIndexes([{ path: "email", unique: true }], "indexes") };
  const long = "x".repeat(150);

  test.for([
    [{ email: "a@x" }, { email: "a@x" }, false],
    [{ email: "a@x" }, { email: "A@x" }, true],
    [{ email: `${long}1` }, { email: `${long}2` }, true],
    [{ email: `${long}1` }, { email: `${long}1` }, false],
    [{ email: long }, { email: `${long}1` }, true],
    [{ email: null }, { email: null }, true],
    [{}, {}, true],
    [{ email: [1] }, { email: [1] }, true],
    [{ email: 1 }, { email: 1 }, false],
    [{ email: 1 }, { email: "1" }, true],
  ] as const)("lets two documents in that differ, and no others: %j", async ([first, second, both], { database, schema }) => {
    await createCollections(database, schema, [unique]);
    const table = new CollectionTable(schema, unique);
    const write = (id: string, document: object, tenant = ""): Promise<void> =>
      table.write(database, [{ tenant, id, data: JSON.stringify({ _id: id, ...document }) }]);
    await write("1", first);
    await write("1", first);
    await write("1", first, "acme");
    const written = write("2", second);
    await (both ? written : expect(written).rejects.toMatchObject({ code: "DATABASE", sqlState: "23505" }));
    const users = new DocumentReaders(database, schema, "").of<Any>(unique);
    expect(await users.count()).toBe(both ? 2 : 1);
  });
});

describe("indexes are refused", () => {
  test.for([
    ["total", "indexes", "must be an array of indexes"],
    [[{}], "indexes[0]", "has neither path nor paths"],
    [[{ path: "a", paths: ["a"] }], "indexes[0]", "has path and paths"],
    [[{ paths: [] }], "indexes[0].paths", "is empty"],
    [[{ paths: ["a", "b", "c", "d"] }], "indexes[0].paths", "has 4 paths; at most 3 are allowed"],
    [[{ path: 1 }], "indexes[0].path", "must be a path (a text), not 1"],
    [[{ path: "_version" }], "indexes[0].path", "counts the writes of a document"],
    [[{ path: "a." }], "indexes[0].path", "a key is empty"],
    [["a"], "indexes[0]", "must be an object with a path"],
    [[{ path: "a" }, { path: "a", uniqe: true }], "indexes[1].uniqe", `did you mean "unique"?`],
    [[{ path: "a", unique: 1 }], "indexes[0].unique", "must be true or false"],
    [[{ path: "a" }, { paths: ["a"], unique: false }], "indexes[1]", "is the same as indexes[0]"],
    [Array.from({ length: 17 }, (_, n) => ({ path: `p${n}` })), "indexes", "17 indexes"],
  ] as const)("%#: %j", ([given, path, problem]) => {
    expect(() => checkIndexes(given, "indexes")).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", path, message: expect.stringContaining(problem) }),
    );
  });
});
