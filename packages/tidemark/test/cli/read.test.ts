import { once } from "node:events";
import { PassThrough, Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { lineUp } from "../../src/cli/columns.ts";
import { run } from "../../src/cli/program.ts";
import { describe, expect, test as base } from "../support/test.ts";
import { documentOf, documentsOf, type Ended, inside, start } from "./run.ts";

const id = "0198c0de-0000-7000-8000-000000000001";

const test = base
  .extend("read", ({ store, databaseUrl, schema }) => {
    void store;
    return (...args: readonly string[]): Promise<Ended> => inside(["read", ...args, "--schema", schema], { env: { DATABASE_URL: databaseUrl } });
  })
  .extend("positions", ({ read }) => async (...args: readonly string[]): Promise<unknown[]> => {
    const ended = await read(...args, "--json");
    expect([ended.code, ended.stderr]).toEqual([0, ""]);
    return documentsOf(ended).map((document) => Reflect.get(Object(document), "position"));
  });

describe("tidemark read", () => {
  test("prints a stream within bounds, both ways", async ({ positions, store }) => {
    await store.appendToStream("other-1", [{ type: "A", data: {} }]);
    await store.appendToStream(
      "cart-42",
      Array.from({ length: 5 }, (_, n) => ({ type: "A", data: { n } })),
    );
    expect(await positions("cart-42")).toEqual([2, 3, 4, 5, 6]);
    expect(await positions("cart-42", "--from-version", "2", "--to-version", "4")).toEqual([3, 4, 5]);
    expect(await positions("cart-42", "--from-version", "2", "--backward", "--limit", "2")).toEqual([6, 5]);
    expect(await positions("cart-43")).toEqual([]);
  });

  test("prints a stream as it was at a time", async ({ positions, openStore }) => {
    let at = new Date("2026-11-20T10:00:00Z");
    const store = await openStore({ now: () => at });
    await store.appendToStream("cart-42", [{ type: "A", data: {} }]);
    at = new Date("2026-11-21T10:00:00Z");
    await store.appendToStream("cart-42", [{ type: "B", data: {} }]);
    expect(await positions("cart-42", "--as-of", "2026-11-20T11:00:00+01:00")).toEqual([1]);
    expect(await positions("cart-42", "--as-of", "2026-11-20")).toEqual([]);
  });

  test("prints the log within bounds, filtered by all that is given", async ({ positions, store }) => {
    await store.appendToStream("cart-1", [{ type: "A", data: { sku: "tea" }, tags: ["t", "u"] }]);
    await store.appendToStream("cart-2", [{ type: "B", data: { sku: "tea" }, tags: ["t"] }]);
    await store.appendToStream("order-1", [{ type: "A", data: { sku: "mug" } }]);
    await store.forTenant("acme").appendToStream("cart-1", [{ type: "A", data: { sku: "tea" } }]);
    expect(await positions()).toEqual([1, 2, 3]);
    expect(await positions("--after", "1", "--until", "2")).toEqual([2]);
    expect(await positions("--backward", "--limit", "2")).toEqual([3, 2]);
    expect(await positions("--type", "A", "--category", "cart")).toEqual([1]);
    expect(await positions("--type", "A", "--type", "B", "--stream", "cart-2", "--stream", "order-1")).toEqual([2, 3]);
    expect(await positions("--tag", "t")).toEqual([1, 2]);
    expect(await positions("--tag", "t", "--tag", "u")).toEqual([1]);
    expect(await positions("--data", '{"sku":"mug"}')).toEqual([3]);
    expect(await positions("--prefix", "cart-")).toEqual([1, 2]);
    expect(await positions("--since", "2026-11-20", "--prefix", "order")).toEqual([3]);
    expect(await positions("--since", "9999-01-01")).toEqual([]);
    expect(await positions("--tenant", "acme")).toEqual([4]);
    expect(await positions("--all-tenants")).toEqual([1, 2, 3, 4]);
  });

  test("prints an event as a document, keys in one order, nothing changed", async ({ read, store, openStore }) => {
    const clock = await openStore({ now: () => new Date("2026-11-20T10:00:00.123Z") });
    const data = { url: "https://u:pw@host/", text: "\u001b[2J \u202e \u2028", "": [null, 1.5] };
    await clock.forTenant("acme").appendToStream("cart-42", [{ type: "A", data, metadata: { actorId: "u1" }, tags: ["b", "a"], id }]);
    const ended = await read("cart-42", "--tenant", "acme", "--json");
    const envelope = {
      streamId: "cart-42",
      type: "A",
      data,
      metadata: { actorId: "u1" },
      id,
      tags: ["b", "a"],
      recordedAt: "2026-11-20T10:00:00.123Z",
      schemaVersion: 1,
      tenant: "acme",
      version: 1,
      position: 1,
    };
    expect(documentOf(ended)).toEqual(envelope);
    expect(Object.keys(Object(documentOf(ended)))).toEqual(Object.keys(envelope));
    expect(ended.stdout).not.toMatch(/[\u001b\u202e\u2028]/);
    const one = await read("--id", id.toUpperCase(), "--tenant", "acme");
    expect(JSON.parse(one.stdout)).toEqual(envelope);
    expect(one.stdout).toMatch(/^\{\n  "streamId": "cart-42",\n/);
    const missing = await read("--id", id, "--json");
    expect([missing.code, documentOf(missing)]).toMatchObject([1, { error: { code: "NOT_FOUND" } }]);
    expect(await store.eventById(id)).toBeUndefined();
  });

  test("prints a line an event for people, lined up, whole in a pipe, and shows what a terminal would act on", async ({ read, openStore }) => {
    const store = await openStore({ now: () => new Date("2026-11-20T10:00:00Z") });
    await store.appendToStream("cart-\u202e", [{ type: "ItemAdded", data: { text: "\u001b]52;c;eA\u0007\u009b" } }]);
    await store.forTenant("acme").appendToStream(
      "cart-2222",
      Array.from({ length: 9 }, () => ({ type: "B", data: { text: "x".repeat(300) } })),
    );
    const { code, stdout } = await read("--all-tenants");
    expect(code).toBe(0);
    const lines = stdout.split("\n");
    expect(lines[0]).toBe("tenant  position  recorded at               stream       version  type       data");
    expect(lines[1]).toBe(String.raw`""             1  2026-11-20T10:00:00.000Z  cart-\u202e        1  ItemAdded  {"text":"\u001b]52;c;eA\u0007\u009b"}`);
    expect(lines[10]).toBe(`"acme"        10  2026-11-20T10:00:00.000Z  cart-2222          9  B          {"text":"${"x".repeat(300)}"}`);
    expect(lines).toHaveLength(12);
  });

  test("cuts lines at the width of a terminal, and only there", async ({ store, databaseUrl, schema }) => {
    await store.appendToStream("cart-42", [{ type: "A", data: { text: "🍵".repeat(60) } }]);
    const args = ["read", "cart-42", "--schema", schema];
    const { stdout } = await inside(args, { env: { DATABASE_URL: databaseUrl }, columns: 80 });
    const [, line = ""] = stdout.split("\n");
    expect(Array.from(line)).toHaveLength(80);
    expect(line).toMatch(/^ {7}1 {2}2026-.*cart-42 {8}1 {2}A {5}\{"text":"(🍵)+…$/u);
  });
});

describe("a long reading", { timeout: 240_000 }, () => {
  test("takes little memory, and may be left", async ({ store, databaseUrl, schema }) => {
    const text = "x".repeat(8_000);
    for (let n = 0; n < 10; n++)
      await store.appendToStream(
        `cart-${n}`,
        Array.from({ length: 1_000 }, () => ({ type: "A", data: { text } })),
      );
    const args = ["read", "--json", "--schema", schema];
    // 80 MB of events, and a heap that holds a fraction of them.
    const child = start(args, { env: { DATABASE_URL: databaseUrl, NODE_OPTIONS: "--max-old-space-size=40" } });
    if (!child.stdout || !child.stderr) throw new Error("It has both.");
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (more: string) => (stderr += more));
    let lines = 0;
    for await (const chunk of Readable.from(child.stdout)) lines += chunk.toString().split("\n").length - 1;
    expect([lines, stderr]).toEqual([10_000, ""]);

    const left = start(args, { env: { DATABASE_URL: databaseUrl } });
    if (!left.stdout || !left.stderr) throw new Error("It has both.");
    left.stderr.setEncoding("utf8").on("data", (more: string) => (stderr += more));
    await once(left.stdout, "data");
    left.stdout.destroy();
    expect([await once(left, "close"), stderr]).toEqual([[0, null], ""]);
  });

  test("is no faster than its reader", async ({ store, databaseUrl, schema }) => {
    await store.appendToStream(
      "cart-42",
      Array.from({ length: 500 }, () => ({ type: "A", data: { text: "x".repeat(8_000) } })),
    );
    const stdout = new PassThrough({ highWaterMark: 1 });
    const env = { DATABASE_URL: databaseUrl };
    const reading = run(["read", "--json", "--schema", schema], {
      stdin: process.stdin,
      stdout,
      stderr: process.stderr,
      env,
      cwd: () => process.cwd(),
    }).finally(() => stdout.end());
    let read = 0;
    let most = 0;
    for await (const chunk of stdout) {
      // A turn in which more could be written.
      await setImmediate();
      read += chunk.length;
      most = Math.max(most, stdout.writableLength + stdout.readableLength);
    }
    expect(await reading).toBe(0);
    expect(read).toBeGreaterThan(4_000_000);
    expect(most).toBeLessThan(200_000);
  });

  test("shows what came before it failed", async () => {
    async function* rows(): AsyncGenerator<readonly string[]> {
      yield ["a", "b"];
      throw new Error("lost");
    }
    const lines: string[] = [];
    const reading = async (): Promise<void> => {
      for await (const line of lineUp(rows())) lines.push(line);
    };
    await expect(reading()).rejects.toThrow("lost");
    expect(lines).toEqual(["a  b"]);
  });
});

describe("tidemark read with what cannot be", () => {
  test.for([
    [["cart-42", "--type", "A"], "--type is for the whole log"],
    [["cart-42", "--all-tenants"], "--all-tenants is for the whole log"],
    [["--from-version", "2"], "--from-version is for one stream"],
    [["--id", id, "cart-42"], "--id finds an event in any stream"],
    [["--id", id, "--limit", "1"], "--limit has no effect on one event"],
    [["--id", "42"], "--id must be a UUID"],
    [["--all-tenants", "--tenant", "acme"], "exclude each other"],
    [["--limit", "-1"], "It must be a whole number"],
    [["--after", "9007199254740993"], "It must be a whole number"],
    [["--type", ""], "--type is empty"],
    [["--category", "cart-42"], '--category holds a "-"'],
    [["--data", "[1]"], "--data must be an object"],
    [["--data", "{"], "--data"],
    [["cart-42", "--as-of", "2026-02-30"], "It must be a date or a time with its zone"],
    [["cart-42", "--as-of", "2026-11-20T10:00:00"], "It must be a date or a time with its zone"],
    [["cart-42", "--as-of", "yesterday"], "It must be a date or a time with its zone"],
  ] as const)("%j ends with 2", async ([args, told], { read }) => {
    expect(await read(...args)).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining(told) });
  });
});
