import { DocumentReaders } from "../../src/documents/document-reader.ts";
import { describe, expect, test } from "./test.ts";

/** No question of these reaches a database. */
const readers = new DocumentReaders(
  {
    query: () => Promise.reject(new Error("It was sent.")),
    userQuery: () => Promise.reject(new Error("It was sent.")),
  },
  "tidemark",
  "",
);

/** As JavaScript would pass it, unchecked. */
function untyped(options: unknown): ReturnType<typeof JSON.parse> {
  return options;
}

describe("what find refuses", () => {
  test.for([
    [{ where: { total: { gtee: 1 } } }, "options.where.total.gtee", `is not an operator; did you mean "gte"?`],
    [{ where: { total: { $gt: 1 } } }, "options.where.total.$gt", `did you mean "gt"?`],
    [{ where: { total: { above: 1 } } }, "options.where.total.above", "known are eq, ne, in, notIn, gt, gte, lt, lte, contains, exists"],
    [{ where: { total: {} } }, "options.where.total", "names no operator"],
    [{ where: { total: undefined } }, "options.where.total", "is undefined"],
    [{ where: { total: { eq: undefined } } }, "options.where.total.eq", "is undefined"],
    [{ where: { OR: [{ total: undefined }] } }, "options.where.OR[0].total", "is undefined"],
    [{ where: { total: { gt: null } } }, "options.where.total.gt", "must be a number, a text or a Date, not null"],
    [{ where: { total: { lt: true } } }, "options.where.total.lt", "must be a number, a text or a Date, not true"],
    [{ where: { total: { lte: Number.NaN } } }, "options.where.total.lte", "is NaN"],
    [{ where: { total: 7n } }, "options.where.total", "bigint"],
    [{ where: { total: [1] } }, "options.where.total", "is an array; write { eq: […] }"],
    [{ where: { total: { in: 1 } } }, "options.where.total.in", "must be an array, not 1"],
    [{ where: { total: { in: [1, new Map()] } } }, "options.where.total.in[1]", "Map"],
    [{ where: { total: { exists: "yes" } } }, "options.where.total.exists", "must be true or false"],
    [{ where: { total: new Date(Number.NaN) } }, "options.where.total", "is an invalid Date"],
    [{ where: { total: "a\0" } }, "options.where.total", "U+0000"],
    [{ where: { "a..b": 1 } }, `options.where["a..b"]`, "a key is empty"],
    [{ where: { "": 1 } }, `options.where[""]`, "a key is empty"],
    [{ where: { "a.": 1 } }, `options.where["a."]`, "a key is empty"],
    [{ where: { "a\\b": 1 } }, String.raw`options.where["a\\b"]`, "a backslash stands only before a dot or a backslash"],
    [{ where: { "a\\": 1 } }, String.raw`options.where["a\\"]`, "a backslash stands only before"],
    [{ where: { "a\0": 1 } }, String.raw`options.where["a\u0000"]`, "U+0000"],
    [{ where: { "a\ud800": 1 } }, String.raw`options.where["a\ud800"]`, "surrogate"],
    [{ where: { [Array(33).fill("a").join(".")]: 1 } }, expect.stringContaining("options.where"), "33 keys"],
    [{ where: { AND: { total: 1 } } }, "options.where.AND", "must be an array of conditions"],
    [{ where: { NOT: [] } }, "options.where.NOT", "must be an object of paths and conditions"],
    [{ where: { OR: [1] } }, "options.where.OR[0]", "must be an object of paths and conditions, not 1"],
    [{ where: null }, "options.where", "must be an object of paths and conditions, not null"],
    [{ where: new Date() }, "options.where", "must be an object"],
    [{ where: Array.from({ length: 33 }).reduce<object>((inner) => ({ NOT: inner }), {}) }, expect.stringContaining("options.where.NOT"), "levels deep"],
    [{ where: { at: { in: Array.from({ length: 70_000 }, (_, n) => new Date(n)) } } }, "options.where", "at most 10000 are allowed"],
    [{ where: { OR: Array.from({ length: 20_000 }, () => ({ total: { exists: true } })) } }, "options.where", "has 20001 conditions and values"],
    [{ where: { OR: Array.from({ length: 6_000 }, (_, n) => ({ total: n })) } }, "options.where", "has 12001 conditions and values"],
    [{ where: { total: { in: Array.from({ length: 100_001 }, (_, n) => n) } } }, "options.where.total.in", "has 100001 values; at most 100000 are allowed"],
    [{ orderBy: { total: "descending" } }, "options.orderBy.total", `must be "asc" or "desc", not "descending"`],
    [{ orderBy: { "a..b": "asc" } }, `options.orderBy["a..b"]`, "a key is empty"],
    [{ orderBy: "total" }, "options.orderBy", "must be an object of paths"],
    [{ orderBy: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`k${n}`, "asc"])) }, "options.orderBy", "17 paths"],
    [{ limit: -1 }, "options.limit", "must be a whole number from 0"],
    [{ after: "cart-1" }, "options.after", "must be a document as a page returned it"],
    [{ after: { total: 1 } }, "options.after._id", "must be a document's id"],
    [{ sort: { total: 1 } }, "options.sort", "is not an option"],
    [{ orderby: { total: "asc" } }, "options.orderby", `did you mean "orderBy"?`],
  ] as const)("number %#, and says where", async ([options, path, problem]) => {
    const refusal = { code: "INVALID_ARGUMENT", path, message: expect.stringContaining(problem) };
    await expect(readers.of("carts").find(untyped(options))).rejects.toMatchObject(refusal);
  });

  test("a page of less than nothing, and ids that are none", async () => {
    const carts = readers.of("carts");
    await expect(carts.page({ limit: -1 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path: "options.limit" });
    await expect(carts.get("")).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path: "id" });
    await expect(carts.getMany(["a", "b\n"])).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path: "ids[1]" });
    await expect(carts.getMany(untyped("a"))).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path: "ids" });
    await expect(carts.getMany(Array.from({ length: 100_001 }, () => "a"))).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path: "ids" });
    await expect(carts.count(untyped({ where: { a: { eqq: 1 } } }))).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path: "options.where.a.eqq" });
    await expect(carts.count(untyped({ limit: 1 }))).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path: "options.limit" });
  });

  test.for([
    ["", "collection"],
    ["a".repeat(46), "collection"],
    [undefined, "projection"],
    [{ name: "totals", version: 1 }, "projection"],
    [{ collection: "carts", version: 0 }, "projection.version"],
    [{ collection: 1, version: 1 }, "projection.collection"],
  ] as const)("a collection that is %j", ([source, path]) => {
    expect(() => readers.of(untyped(source))).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", path }));
  });
});
