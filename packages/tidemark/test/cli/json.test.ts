import type { Command } from "commander";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { createProgram } from "../../src/cli/program.ts";
import { Terminal } from "../../src/cli/terminal.ts";
import { describe, expect, test } from "../support/test.ts";
import { documentOf, documentsOf, inside, tidemark } from "./run.ts";

const program = createProgram(new Terminal({ stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, env: {}, cwd: () => process.cwd() }));

/** Every command that does something, by its words. */
function leavesOf(command: Command, words: readonly string[] = []): readonly (readonly [words: string, command: Command])[] {
  const own: readonly (readonly [string, Command])[] = command.commands.length === 0 ? [[words.join(" "), command]] : [];
  return [...own, ...command.commands.flatMap((one) => leavesOf(one, [...words, one.name()]))];
}

const leaves = leavesOf(program);

test("every command takes --json", () => {
  expect(leaves.length).toBeGreaterThan(45);
  expect(leaves.filter(([, command]) => !command.options.some(({ long }) => long === "--json")).map(([words]) => words)).toEqual([]);
});

test.for(leaves)("tidemark %s --json says wrong usage in one document on stdout", async ([words]) => {
  const { code, stdout } = await inside([...words.split(" "), "--no-such-option", "--json"]);
  expect([code, JSON.parse(stdout)]).toEqual([2, { error: { code: "USAGE", message: expect.any(String) } }]);
});

describe("with --json, stdout holds nothing but documents, one a line:", () => {
  const migrated = ["migrate status", "migrate verify", "migrate sql", "migrate roles", "migrate up", "migrate up --dry-run", "migrate chain"];
  const lists = [
    "streams",
    "read",
    "consumers list",
    "projections list",
    "dead-letters list",
    "dead-letters history",
    "processes list",
    "relays list",
    "timers list",
    "outbox list",
    "audit",
    "audit list",
  ];
  const others = [
    "streams cart-1",
    "append cart-2 --type A",
    "events list",
    "outbox stats",
    "audit prune --keep-days 30 --dry-run",
    "audit prune --keep-days 30 --yes",
    "verify",
    "indexes list",
    "indexes create causation",
    "indexes drop causation",
  ];
  const failing = ["consumers show nobody", "projections show none", "processes show none 1", "dead-letters show nobody 1", "timers cancel none --yes"];
  test.for([...migrated, ...lists, ...others, ...failing, "completion bash"])("tidemark %s", async (words, { store, schema, databaseUrl }) => {
    await store.appendToStream("cart-1", [{ type: "A", data: {} }]);
    const at = words.startsWith("completion") ? [] : ["--schema", schema];
    const ended = await inside([...words.split(" "), "--json", ...at], { env: { DATABASE_URL: databaseUrl } });
    const documents = documentsOf(ended);
    if (failing.includes(words)) expect([ended.code, documents]).toMatchObject([1, [{ error: { code: "NOT_FOUND" } }]]);
    else expect(ended.code).toBe(0);
    for (const document of documents) expect(document).toBeTypeOf("object");
    if (!lists.includes(words) || ["streams", "read"].includes(words)) expect(documents.length).toBeGreaterThan(0);
  });

  test("tidemark export, import and demo", async ({ store, schema, databaseUrl }) => {
    await store.appendToStream("cart-1", [{ type: "A", data: {} }]);
    const file = join(import.meta.dirname, `.json-${process.pid}.ndjson`);
    const options = { env: { DATABASE_URL: databaseUrl } };
    try {
      const exported = await inside(["export", file, "--json", "--force", "--schema", schema], options);
      expect(documentOf(exported)).toMatchObject({ events: 1 });
      expect(documentOf(await inside(["import", file, "--json", "--schema", schema], options))).toMatchObject({ written: 0, repeated: 1 });
      expect(documentOf(await inside(["import", file, "--json", "--dry-run", "--schema", schema], options))).toMatchObject({ dryRun: true, repeated: 1 });
    } finally {
      rmSync(file, { force: true });
    }
    expect(documentOf(await tidemark(["demo", "--events", "100", "--json"]))).toMatchObject({ events: expect.any(Number) });
  });
});

describe("for people, lists have the names of their columns, and cells stand under them:", () => {
  test.for([
    ["streams", /^version {2}last position {2}created at {16}stream\n {6}1 {14}1 {2}20.*Z {2}cart-1\n$/],
    ["read", /^position {2}recorded at {15}stream {2}version {2}type {2}data\n {7}1 {2}20.*Z {2}cart-1 {8}1 {2}A {5}\{\}\n$/],
    ["migrate status", /^Schema ".*"\nversion {4}name .* state {4}applied at\n1 /],
    ["indexes list", /^set .* index .* state .* bytes\n/],
    ["timers list", /^key {2}due at {20}stream {2}type {2}recurs {2}attempts {2}error\nb {4}20.*Z {2}cart-1 {2}B {20}0\n$/],
    ["outbox list", /^position {2}state .* published at .* topic {2}key {2}id\n {7}\d {2}pending .* mail {3}ada {2}/],
    ["events list", /^events {2}version {2}first seen .* type\n {5}1 /],
  ] as const)("tidemark %s", async ([words, shown], { store, schema, databaseUrl }) => {
    await store.appendToStream("cart-1", [{ type: "A", data: {} }]);
    await store.schedule("cart-1", { type: "B", data: {} }, { key: "b", in: 3_600_000 });
    await store.transaction((tx) => tx.publish({ topic: "mail", key: "ada", payload: {} }));
    const { stdout } = await inside([...words.split(" "), "--schema", schema], { env: { DATABASE_URL: databaseUrl } });
    expect(stdout).toMatch(shown);
  });
});
