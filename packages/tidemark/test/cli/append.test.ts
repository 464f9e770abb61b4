import { describe, expect, test as base } from "../support/test.ts";
import { documentOf, type Ended, inside, type RunOptions, tidemark } from "./run.ts";

const test = base.extend("append", ({ store, databaseUrl, schema }) => {
  // Opened: the schema is there.
  void store;
  return (args: readonly string[], options: RunOptions = {}): Promise<Ended> =>
    inside(["append", ...args, "--schema", schema], { ...options, env: { DATABASE_URL: databaseUrl } });
});

const id = "0198c0de-0000-7000-8000-000000000001";

describe("tidemark append", () => {
  test("writes one event as the options say and tells where it stands", async ({ append, store }) => {
    const event = ["--type", "ItemAdded", "--data", '{"sku":"tea","n":0.1}', "--metadata", '{"actorId":"u1"}', "--tag", "a", "--tag", "b", "--id", id];
    const first = await append(["cart-42", ...event, "--expected-version", "no-stream"]);
    expect(first).toEqual({ code: 0, stdout: "cart-42 is at version 1, position 1.\n", stderr: "" });
    expect(await store.readStream("cart-42").toArray()).toMatchObject([
      { type: "ItemAdded", data: { sku: "tea", n: 0.1 }, metadata: { actorId: "u1" }, tags: ["a", "b"], id, version: 1 },
    ]);
    const second = await append(["cart-42", "--type", "CartConfirmed", "--expected-version", "1", "--json"]);
    expect([second.code, documentOf(second)]).toEqual([0, { streamId: "cart-42", version: 2, position: 2, created: false }]);
    expect((await store.readStream("cart-42", { fromVersion: 2 }).toArray())[0]?.data).toEqual({});
  });

  test("ends with 4 on a conflict, tells the version and writes nothing", async ({ append, store }) => {
    await store.appendToStream("cart-42", [{ type: "A", data: {} }]);
    const ended = await append(["cart-42", "--type", "B", "--expected-version", "7", "--json"]);
    expect([ended.code, documentOf(ended)]).toEqual([
      4,
      {
        error: {
          code: "VERSION_CONFLICT",
          message: expect.stringContaining("is at 1, expected 7"),
          conflicts: [{ streamId: "cart-42", expected: 7, actual: 1 }],
        },
      },
    ]);
    expect(await append(["cart-42", "--type", "B", "--expected-version", "no-stream"])).toMatchObject({
      code: 4,
      stdout: "",
      stderr: expect.stringContaining("is at 1, expected no-stream"),
    });
    expect((await store.streamInfo("cart-42")).version).toBe(1);
  });

  test("writes the same id once, and ends with 4 where it holds something else", async ({ append }) => {
    const event = ["cart-42", "--type", "A", "--data", "[1]", "--id", id, "--json"];
    const first = await append(event);
    expect(documentOf(await append(event))).toEqual(documentOf(first));
    expect(await append(["cart-42", "--type", "B", "--id", id])).toMatchObject({ code: 4, stderr: expect.stringContaining(`Event ${id}`) });
  });

  test("writes for a tenant", async ({ append, store }) => {
    expect((await append(["cart-42", "--type", "A", "--tenant", "acme"])).code).toBe(0);
    expect(await store.forTenant("acme").streamInfo("cart-42")).toMatchObject({ version: 1 });
    expect(await store.streamInfo("cart-42")).toMatchObject({ exists: false });
  });

  test("creates no schema: a wrong name is told", async ({ databaseUrl, sql }) => {
    const ended = await tidemark(["append", "cart-42", "--type", "A", "--schema", "nowhere", "--url", databaseUrl]);
    expect(ended).toMatchObject({ code: 3, stdout: "", stderr: expect.stringContaining('Schema "nowhere" holds no event store') });
    expect((await sql.query("select 1 from pg_namespace where nspname = 'nowhere'")).rows).toEqual([]);
  });
});

describe("tidemark append -", () => {
  test("reads the stdin of its process", async ({ store, databaseUrl, schema }) => {
    const input = '{"type":"A","data":{}}\n{"type":"B","data":{}}';
    const ended = await tidemark(["append", "cart-42", "-", "--schema", schema], { env: { DATABASE_URL: databaseUrl }, input });
    expect(ended).toEqual({ code: 0, stdout: "cart-42 is at version 2, position 2.\n", stderr: "" });
    expect((await store.streamInfo("cart-42")).version).toBe(2);
  });

  test("writes the events on stdin in one append, byte for byte", async ({ append, store }) => {
    // Line separators of Unicode stand in JSON as they are, and end no line; neither does a CR.
    const text = "a\u2028b\u2029c 🍵";
    const lines = [
      JSON.stringify({ type: "A", data: { text } }),
      "",
      `${JSON.stringify({ type: "B", data: null, tags: ["t"], metadata: { actorId: "u" }, id })}\r`,
    ];
    const ended = await append(["cart-42", "-", "--expected-version", "no-stream", "--json"], { input: lines.join("\n") });
    expect([ended.code, documentOf(ended)]).toEqual([0, { streamId: "cart-42", version: 2, position: 2, created: true }]);
    expect(await store.readStream("cart-42").toArray()).toMatchObject([
      { type: "A", data: { text } },
      { type: "B", data: null, tags: ["t"], metadata: { actorId: "u" }, id },
    ]);
  });

  test("takes 10,000 events, and refuses one more", async ({ append, store }) => {
    const lines = Array.from({ length: 10_001 }, (_, n) => JSON.stringify({ type: "A", data: { n } }));
    expect(await append(["cart-42", "-"], { input: lines.join("\n") })).toMatchObject({ code: 2, stderr: expect.stringContaining("more than 10000 events") });
    expect((await append(["cart-42", "-"], { input: `${lines.slice(1).join("\n")}\n` })).code).toBe(0);
    expect((await store.streamInfo("cart-42")).version).toBe(10_000);
  });

  test.for([
    ["", "stdin has no events"],
    ['{"type":"A","data":1}\n\n{"type":', "line 3 cannot be read as JSON"],
    ['{"type":"A","data":1}\n\n{"type":"B","data":{"n":[-0]}}', "line 3: data.n[0] is -0"],
    ['{"type":"A","data":9007199254740993}', "line 1 cannot be read as JSON: The number 9007199254740993 cannot be kept exactly"],
    ['{"type":"A","data":1e400}', "line 1: data is Infinity"],
    ['{"type":"A","data":1}\n"B"', "line 2 must be an event"],
    ['{"type":"A","data":1,"dta":1}', 'line 1: dta is not a part of an event; did you mean "data"?'],
    ['{"type":"A","data":1,"version":1}', "line 1: version is set by the store"],
    [Buffer.from([0x22, 0xff, 0x22]), "stdin is not UTF-8"],
  ] as const)("refuses %s whole, and says where it is wrong", async ([input, told], { append, store }) => {
    expect(await append(["cart-42", "-"], { input })).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining(told) });
    expect(await store.streamInfo("cart-42")).toMatchObject({ exists: false });
  });
});

describe("tidemark append with what cannot be", () => {
  test.for([
    [["cart-42"], "--type is missing"],
    [["cart-42", "--type", ""], "--type is empty"],
    [["cart-42", "--type", "A", "--data", "{sku}"], "--data"],
    [["cart-42", "--type", "A", "--data", '{"n":9007199254740993}'], "cannot be kept exactly"],
    [["cart-42", "--type", "A", "--data", '{"a":[{"n":-0}]}'], "--data.a[0].n is -0"],
    [["cart-42", "--type", "A", "--metadata", "[]"], "--metadata must be a plain object"],
    [["cart-42", "--type", "A", "--tag", "t", "--tag", ""], "--tag is empty"],
    [["cart-42", "--type", "A", "--id", "42"], "--id must be a UUID"],
    [["cart-42", "--type", "A", "--expected-version", "no-steam"], 'did you mean "no-stream"?'],
    [["cart-42", "--type", "A", "--expected-version", "-1"], "--expected-version must be"],
    [["cart-42", "--type", "A", "--expected-version", "1.5"], "--expected-version must be"],
    [["", "--type", "A"], "<stream> is empty"],
    [["cart-42", "--type", "A", "--tenant", "x".repeat(129)], "--tenant is 129 bytes"],
    [["cart-42", "-", "--type", "A"], "--type is for a single event"],
    [["cart-42", "items.json"], "Allowed choices are -"],
  ] as const)("%j ends with 2", async ([args, told], { append }) => {
    expect(await append(args)).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining(told) });
  });
});
