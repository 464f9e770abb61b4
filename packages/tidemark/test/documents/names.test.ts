import { checkCollection, tableName } from "../../src/documents/collection.ts";
import { createCollections } from "../../src/documents/create-collections.ts";
import { encodeDocument } from "../../src/documents/encode-document.ts";
import { describe, expect, test } from "./test.ts";

describe("a collection's name", () => {
  test.for(["cart_summaries", "Kunden ä", `we"ird; drop`, "ü".repeat(22), "a".repeat(45), "v1", "__v", "a__v1b"])(
    "may be %s",
    async (collection, { database, schema, sql }) => {
      const checked = checkCollection({ collection, version: 2_147_483_647 }, "projection");
      await createCollections(database, schema, [checked]);
      const { rows } = await sql.query<{ relname: string }>(
        "select relname from pg_class join pg_namespace n on n.oid = relnamespace where nspname = $1 and relkind in ('v', 'r')",
        [schema],
      );
      expect(rows.map(({ relname }) => relname)).toEqual(expect.arrayContaining([collection, tableName(checked)]));
    },
  );

  test.for([
    ["", "empty"],
    ["a".repeat(46), "46 bytes"],
    ["ü".repeat(23), "46 bytes"],
    ["a\nb", "control character"],
    ["a\ud800", "surrogate"],
    ["carts__v2", "must not end with __v and digits"],
    ["event_ids", "is a name that the store keeps for partitions"],
    ["events_1000", "is a name that the store keeps for partitions"],
    [7, "must be a collection's name (a string), not 7"],
  ] as const)("is not %j", ([collection, problem]) => {
    expect(() => checkCollection({ collection, version: 1 }, "projection")).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", path: "projection.collection", message: expect.stringContaining(problem) }),
    );
  });

  test.for([0, -1, 1.5, 2_147_483_648, "1", null])("has no version %j", (version) => {
    expect(() => checkCollection({ collection: "carts", version }, "projection")).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", path: "projection.version" }),
    );
  });
});

describe("a document", () => {
  test("is stored with its id and without its version", () => {
    expect(encodeDocument(`a"b`, { _version: 7, total: 1, _id: `a"b`, gone: undefined }, "document")).toBe(String.raw`{"_id":"a\"b","total":1}`);
    expect(encodeDocument("a", {}, "document")).toBe(`{"_id":"a"}`);
  });

  test.for([
    [[], "document", "must be an object"],
    ["text", "document", "must be an object"],
    [undefined, "document", "must be an object, or null to delete the document, not undefined"],
    [{ _id: "b" }, "document._id", `must be the document's id, "a"`],
    [{ at: new Date() }, "document.at", "pass its toISOString()"],
    [{ n: Number.NaN }, "document.n", "NaN"],
    [new Map(), "document", "Map"],
  ] as const)("is not %j", ([document, path, problem]) => {
    expect(() => encodeDocument("a", document, "document")).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", path, message: expect.stringContaining(problem) }),
    );
  });
});
