import { readdir, readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { maxEvents, maxParts } from "../../src/append/encode.ts";
import { maxAppendBytes } from "../../src/append/append-totals.ts";
import { maxDepth } from "../../src/arguments/json.ts";
import { checkStoreOptions } from "../../src/arguments/store-options.ts";

const root = new URL("../../../../", import.meta.url);
const source = (file: string): Promise<string> => readFile(new URL(`packages/tidemark/src/${file}`, root), "utf8");
const errorFiles = await readdir(new URL("packages/tidemark/src/errors/", root));
const errors = (await Promise.all(errorFiles.map((file) => source(`errors/${file}`)))).join("\n");
const errorPage = await readFile(new URL("docs/reference/errors.md", root), "utf8");
const limitPage = await readFile(new URL("docs/reference/limits.md", root), "utf8");

const table = /export interface ErrorByCode \{\n(?<lines>[^}]*)\}/.exec(errors)?.groups?.["lines"] ?? "";
const codes = Array.from(table.matchAll(/readonly (?<code>[A-Z_]+): (?<name>\w+);/g), (found) => ({ code: found[1] ?? "", name: found[2] ?? "" }));
const sections = new Map(
  errorPage
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.split("\n", 1)[0] ?? "", section]),
);

describe("the reference of errors", () => {
  test("has a section for every code, and none for what is no code", () => {
    expect(codes.length).toBeGreaterThan(10);
    expect([...sections.keys()]).toEqual(codes.map(({ code }) => code));
  });

  test.for(codes)("says of $code what it means, its cause, its remedy, and how to catch it", ({ code, name }) => {
    const section = sections.get(code) ?? "";
    for (const part of [`\`${name}\``, "**Meaning.**", "**Cause.**", "**Remedy.**", `isTidemarkError(error, "${code}")`]) expect(section).toContain(part);
    expect(errorPage).toContain(`[\`${code}\`](#${code.toLowerCase()})`);
  });

  test.for(codes)("names every fact that $name carries", ({ code, name }) => {
    const body = new RegExp(`class ${name} extends TidemarkError \\{(?<body>[^]*?)\\n  constructor`).exec(errors)?.groups?.["body"] ?? "";
    expect(body).toContain(`declare readonly code: "${code}"`);
    for (const [, field = ""] of body.matchAll(/^ {2}readonly (\w+):/gm)) expect(sections.get(code)).toContain(`\`${field}\``);
  });
});

describe("the reference of limits", () => {
  const shown = (value: number): string => value.toLocaleString("en-US");

  test("has the limits and defaults of the code", () => {
    const { limits, pool } = checkStoreOptions(undefined);
    expect(limitPage).toContain(`| ${maxDepth} |`);
    expect(limitPage).toContain(`over all its streams | ${shown(maxEvents)} |`);
    expect(limitPage).toContain(`streams of one append | ${shown(maxParts)} |`);
    expect(limitPage).toContain(`| ${shown(maxAppendBytes)} bytes |`);
    expect(limitPage).toContain(`${shown(limits.eventBytes)} bytes; \`limits.eventBytes\``);
    expect(limitPage).toContain(`${shown(limits.queuedAppends)}; \`limits.queuedAppends\``);
    expect(limitPage).toContain([pool.connectionTimeoutMs, pool.idleTimeoutMs, pool.maxLifetimeMs, pool.queryTimeoutMs].map(shown).join(", "));
  });
});

test("the guide to pool sizing has the settings of each preset, and a reason for each", async () => {
  const page = await readFile(new URL("docs/guides/pool-sizing.md", root), "utf8");
  const names = ["web", "worker", "serverless", "throughput"] as const;
  const pools = [undefined, ...names].map((preset) => checkStoreOptions(preset && { pool: { preset } }).pool);
  const told = (value: number | boolean): string => (typeof value === "number" ? value.toLocaleString("en-US") : value ? "yes" : "no");
  for (const setting of ["max", "min", "connectionTimeoutMs", "queryTimeoutMs", "idleTimeoutMs", "maxLifetimeMs", "pingBeforeUse"] as const) {
    const row = pools.map((pool) => (setting === "maxLifetimeMs" && pool[setting] === 0 ? "0: for ever" : told(pool[setting])));
    expect(page).toContain(`| \`${setting}\` | ${row.join(" | ")} |`);
  }
  for (const name of names) expect(page).toContain(`- **\`${name}\`** `);
});
