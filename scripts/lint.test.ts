import { execFile } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = dirname(import.meta.dirname);
const source = "packages/tidemark/src";

/** From the top down: what stands earlier may import what stands later, never the other way round. */
const rooms =
  `cli testing opentelemetry prometheus http store operations sinks relays processes projections consumers commands runtime transaction transfer timers outbox inbox audit feed documents append read catalogue schema database
  tracing async counters arguments errors model`.split(/\s+/);

/** A file that breaks a rule, as small as can be. */
const broken: Readonly<Record<string, { readonly file?: string; readonly text: string }>> = {
  "typescript(no-floating-promises)": { text: "export async function work(): Promise<void> {}\nwork();" },
  "typescript(no-misused-promises)": { text: "export function all(list: number[]): void {\n  list.forEach(async () => {});\n}" },
  "typescript(only-throw-error)": { text: 'export function fail(): never {\n  throw "text";\n}' },
  "typescript(switch-exhaustiveness-check)": {
    text: 'export function f(side: "a" | "b"): void {\n  switch (side) {\n    case "a":\n      console.log(side);\n  }\n}',
  },
  "typescript(no-explicit-any)": { text: "export function f(value: any): void {\n  console.log(value);\n}" },
  "typescript(no-unsafe-type-assertion)": { text: "export function f(value: unknown): number {\n  return value as number;\n}" },
  "typescript(consistent-type-imports)": { file: "one.ts", text: 'import { Buffer } from "node:buffer";\nexport let bytes: Buffer | undefined;' },
  "typescript(no-non-null-assertion)": { text: "export function f(value?: number): number {\n  return value!;\n}" },
  "oxc(no-barrel-file)": { file: "index.ts", text: 'export * from "./two.ts";' },
  "import(no-default-export)": { text: "export default 1;" },
  "import(no-cycle)": { file: "two.ts", text: 'import { other } from "./three.ts";\nexport const two: number = other + 1;' },
  "unicorn(filename-case)": { file: "camelCase.ts", text: "export const n = 1;" },
  "eslint(max-lines)": { text: Array.from({ length: 301 }, (_, n) => `export const n${n} = ${n};`).join("\n") },
  "eslint(max-params)": {
    text: "export function f(a: number, b: number, c: number, d: number, e: number, g: number): number {\n  return a + b + c + d + e + g;\n}",
  },
  "eslint(eqeqeq)": { text: "export function f(a: number, b: number): boolean {\n  return a == b;\n}" },
  "eslint(no-warning-comments)": { text: "// TODO: later\nexport const n = 1;" },
  "vitest(no-disabled-tests)": { file: "some.test.ts", text: 'import { test } from "vitest";\ntest.skip("nothing", () => {});' },
  "vitest(no-focused-tests)": { file: "other.test.ts", text: 'import { test } from "vitest";\ntest.only("nothing", () => {});' },
};

/** The rules that each file broke, by the file's path. */
const findings = new Map<string, string[]>();
const fileOf = (rule: string): string => `${source}/rules/${broken[rule]?.file ?? `${rule.replaceAll(/\W+/g, "-").toLowerCase()}.ts`}`;
const specifierOf = (room: string): string => `../${room}/thing.ts`;
const importOf = (from: string, specifier: string): string => `${source}/${from}/imports-${specifier.replaceAll(/\W+/g, "-")}.ts`;
const drivers = ["pg", "pg/lib/client.js", "@electric-sql/pglite"];
const index = "../index.ts";

const studio = "packages/studio/src";
/** What each room of the studio may import of the others. */
const studioRooms: Readonly<Record<string, readonly string[]>> = {
  "server/mcp": ["server/node", "server/api", "server/changes", "server/events", "server/security"],
  "server/node": [],
  "server/api": ["server/changes", "server/events", "wire"],
  "server/changes": ["wire"],
  "server/events": ["wire"],
  "server/assets": [],
  "server/security": ["wire"],
  "client/pages": ["client/parts", "client/state", "wire"],
  "client/parts": ["client/state", "wire"],
  "client/state": ["wire"],
  wire: [],
};
const studioPackages = ["tidemark", "hono", "tidemark/src/index.ts", "../../../../tidemark/src/index.ts", ...drivers];
const studioImport = (from: string, specifier: string): string => `${studio}/${from}/imports-${specifier.replaceAll(/\W+/g, "-")}.ts`;
const studioSpecifier = (from: string, to: string): string => `${"../".repeat(from.split("/").length)}${to}/thing.ts`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tidemark-lint-"));
  const files = new Map(rooms.map((room) => [`${source}/${room}/thing.ts`, "export const thing = 1;\n"]));
  for (const [rule, { text }] of Object.entries(broken)) files.set(fileOf(rule), text);
  files.set(`${source}/rules/three.ts`, 'import { two } from "./two.ts";\nexport const other: number = two;');
  for (const from of rooms) {
    for (const specifier of [...rooms.map(specifierOf), index, "node:fs", ...drivers])
      files.set(importOf(from, specifier), `import ${JSON.stringify(specifier)};\n`);
  }
  for (const from of Object.keys(studioRooms)) {
    files.set(`${studio}/${from}/thing.ts`, "export const thing = 1;\n");
    const others = Object.keys(studioRooms).filter((to) => to !== from);
    for (const specifier of [...others.map((to) => studioSpecifier(from, to)), ...studioPackages])
      files.set(studioImport(from, specifier), `import ${JSON.stringify(specifier)};\n`);
  }
  files.set(`${source}/index.ts`, 'import "./testing/thing.ts";\n');
  files.set("tsconfig.json", JSON.stringify({ compilerOptions: { strict: true, module: "nodenext", allowImportingTsExtensions: true, noEmit: true } }));
  for (const [path, text] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  await cp(join(root, ".oxlintrc.json"), join(folder, ".oxlintrc.json"));
  const output = await new Promise<string>((resolve) => {
    // It ends with 1, as it should when it finds something.
    execFile(process.execPath, [join(root, "node_modules/oxlint/bin/oxlint"), "--format=json"], { cwd: folder, maxBuffer: 2 ** 26 }, (_error, stdout) =>
      resolve(stdout),
    );
  });
  const { diagnostics }: { diagnostics: { code: string; filename: string }[] } = JSON.parse(output);
  for (const { code, filename } of diagnostics) findings.set(filename, [...(findings.get(filename) ?? []), code]);
});
afterAll(() => rm(folder, { recursive: true }));

const restricted = "eslint(no-restricted-imports)";

describe("the linter", () => {
  test.each(Object.keys(broken))("finds what breaks %s", (rule) => {
    expect(findings.get(fileOf(rule))).toContain(rule);
  });

  test.each(rooms)("lets %s/ import downwards only, and no driver unless it is database/", (from) => {
    const isRefused = (specifier: string): boolean => findings.get(importOf(from, specifier))?.includes(restricted) ?? false;
    const above = rooms.slice(0, rooms.indexOf(from));
    expect(rooms.filter((to) => isRefused(specifierOf(to)))).toEqual(from === "append" ? [...above, "read"] : above);
    expect(drivers.filter(isRefused)).toEqual(from === "database" ? [] : drivers);
    expect(isRefused(index)).toBe(from !== "cli");
    expect(isRefused("node:fs")).toBe(["errors", "model"].includes(from));
  });

  test.each(Object.keys(studioRooms))("lets %s/ of the studio import what stands below it, and of tidemark what it exports", (from) => {
    const isRefused = (specifier: string): boolean => findings.get(studioImport(from, specifier))?.includes(restricted) ?? false;
    const others = Object.keys(studioRooms).filter((to) => to !== from);
    expect(others.filter((to) => !isRefused(studioSpecifier(from, to)))).toEqual(studioRooms[from]);
    expect(studioPackages.filter((name) => !isRefused(name))).toEqual(from.startsWith("server/") ? ["tidemark", "hono"] : []);
  });

  test("lets index.ts export neither the command nor the test kits", () => {
    expect(findings.get(`${source}/index.ts`)).toContain(restricted);
  });

  test("knows every file: all are in rooms, but for index.ts", async () => {
    const entries = await readdir(join(root, source));
    expect(entries.toSorted()).toEqual([...rooms, "index.ts"].toSorted());
  });

  test("would not see the marks of a merge in a comment, so none is left in any file", () => {
    const files = globSync("{packages,docs,torture,bench,scripts,servers,models,examples}/**/*.{ts,sql,md,pml,patch,json}", {
      cwd: root,
      exclude: (name) => name.includes("node_modules") || name.includes("dist"),
    });
    expect(files.length).toBeGreaterThan(500);
    expect(files.filter((file) => /^(?:<{7}|>{7}) /m.test(readFileSync(join(root, file), "utf8")))).toEqual([]);
  });
});
