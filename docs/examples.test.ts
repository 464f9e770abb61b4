import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import * as tidemark from "tidemark";
import * as kafka from "tidemark/kafka";
import * as nats from "tidemark/nats";
import * as http from "tidemark/http";
import * as opentelemetry from "tidemark/opentelemetry";
import * as prometheus from "tidemark/prometheus";
import * as rabbitmq from "tidemark/rabbitmq";
import * as redis from "tidemark/redis";
import * as testing from "tidemark/testing";
import * as webhook from "tidemark/webhook";
import { describe, expect, test } from "vitest";
import { offDefaults } from "./examples/defaults.ts";
import { docstringOf, type Exported, exportsOf } from "./examples/exported.ts";

const root = join(import.meta.dirname, "..");
const source = join(root, "packages/tidemark/src");
const entries = [
  { from: "tidemark", exported: await exportsOf(join(source, "index.ts")), values: new Set(Object.keys(tidemark)) },
  { from: "tidemark/testing", exported: await exportsOf(join(source, "testing/index.ts")), values: new Set(Object.keys(testing)) },
  { from: "tidemark/opentelemetry", exported: await exportsOf(join(source, "opentelemetry/index.ts")), values: new Set(Object.keys(opentelemetry)) },
  { from: "tidemark/prometheus", exported: await exportsOf(join(source, "prometheus/index.ts")), values: new Set(Object.keys(prometheus)) },
  { from: "tidemark/kafka", exported: await exportsOf(join(source, "sinks/kafka.ts")), values: new Set(Object.keys(kafka)) },
  { from: "tidemark/nats", exported: await exportsOf(join(source, "sinks/nats.ts")), values: new Set(Object.keys(nats)) },
  { from: "tidemark/http", exported: await exportsOf(join(source, "http/index.ts")), values: new Set(Object.keys(http)) },
  { from: "tidemark/rabbitmq", exported: await exportsOf(join(source, "sinks/rabbitmq.ts")), values: new Set(Object.keys(rabbitmq)) },
  { from: "tidemark/redis", exported: await exportsOf(join(source, "sinks/redis.ts")), values: new Set(Object.keys(redis)) },
  { from: "tidemark/webhook", exported: await exportsOf(join(source, "sinks/webhook.ts")), values: new Set(Object.keys(webhook)) },
];
const all = entries.flatMap(({ exported }) => exported);
const fixtures = await readFile(join(import.meta.dirname, "examples/fixtures.ts"), "utf8");

/** Names of the fixtures, types and values. */
function fixtureNames(kind: "type" | "value"): readonly string[] {
  const types = [...fixtures.matchAll(/^export (?:interface|type) (\w+)|^export type \{ (\w+) \}/gm)].map(([, one, other]) => one ?? other ?? "");
  const values = [...fixtures.matchAll(/^export (?:const|class|async function|function) (\w+)/gm)].map(([, name]) => name ?? "");
  return kind === "type" ? types : values;
}

/** An example as a module: what it names is imported, unless it declares it itself. */
function moduleOf(example: string): string {
  const own = new Set([...example.matchAll(/(?:const|using|class|function|type|interface) (\w+)|const \{ (\w+)/g)].flatMap((match) => match.slice(1)));
  const names = (name: string): boolean => !own.has(name) && new RegExp(String.raw`\b${name}\b`).test(example.replaceAll(/"[^"]*"|(?<=[^.]\.)\w+/g, ""));
  const imports = entries.map(({ from, exported, values }) => {
    const used = exported.filter(({ name }) => names(name)).map(({ name }) => (values.has(name) ? name : `type ${name}`));
    return used.length > 0 ? `import { ${used.join(", ")} } from "${from}";\n` : "";
  });
  const used = [
    ...fixtureNames("type")
      .filter(names)
      .map((name) => `type ${name}`),
    ...fixtureNames("value").filter(names),
  ];
  const fixture = used.length > 0 ? `import { ${used.join(", ")} } from "../examples/fixtures.ts";\n` : "";
  const driver = names("pg") ? 'import pg from "pg";\n' : "";
  return `${imports.join("")}${fixture}${driver}${example}\nexport {};\n`;
}

describe("every export has an example", () => {
  test("in its docstring", () => {
    expect(all.length).toBeGreaterThan(100);
    expect(all.filter(({ example }) => example === undefined).map(({ name, file }) => `${name} in ${file.slice(root.length + 1)}`)).toEqual([]);
  });

  // Those of types run too, where there is something to run: most of them only have to compile.
  test("that compiles, and runs against an embedded database", async () => {
    const folder = join(import.meta.dirname, ".examples");
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const examples = all.filter((one): one is Exported & { readonly example: string } => one.example !== undefined);
    try {
      // Numbered: `decider` and `Decider` are one file where a file system knows no case.
      for (const [n, { name, example }] of examples.entries()) await writeFile(join(folder, `${n}-${name}.ts`), moduleOf(example));
      const compilerOptions = { isolatedDeclarations: false, declaration: false, declarationMap: false, noEmit: true, customConditions: ["source"] };
      await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ extends: "../../tsconfig.base.json", compilerOptions, include: ["*.ts"] }));
      const steps = examples.map(({ name }, n) => `await run(${JSON.stringify(name)}, () => import("./${n}-${name}.ts"));`);
      const run = `async function run(name: string, work: () => Promise<unknown>): Promise<void> {
        try { await work(); } catch (error) { throw new Error(\`The example of \${name} failed\`, { cause: error }); }
      }`;
      await writeFile(
        join(folder, "main.ts"),
        `import { store } from "../examples/fixtures.ts";\n${run}\n${steps.join("\n")}\nawait store.close();\nconsole.log("${steps.length} ran");\n`,
      );
      const start = (...args: readonly string[]): Promise<{ readonly stdout: string }> =>
        promisify(execFile)(process.execPath, args, { cwd: folder, env: { ...process.env, NODE_OPTIONS: "" } }).catch(
          (error: Error & { stdout?: string; stderr?: string }) => {
            throw new Error(`${error.stdout}\n${error.stderr}`, { cause: error });
          },
        );
      const [, ran] = await Promise.all([start(join(root, "node_modules/typescript/bin/tsc"), "-p", "."), start("--conditions=source", "main.ts")]);
      expect(ran.stdout).toContain(`${examples.length} ran`);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test("and one without would be noticed", () => {
    const text = "/** Says so.\n *\n * @example\n * ```ts\n * a();\n * ```\n */\nexport function a(): void {}\n/** Says nothing. */\nexport const b = 1;\n";
    expect(docstringOf(text, "a")).toContain("@example");
    expect(docstringOf(text, "b")).toBe("/** Says nothing. */\n");
    expect(docstringOf(`${text}export type C = 1;\n`, "C")).toBe("");
  });
});

describe("every docstring gives its default as @defaultValue", () => {
  test("at its end", async () => {
    const files = globSync("**/*.ts", { cwd: source, exclude: ["**/*.generated.ts"] });
    const texts = await Promise.all(files.map(async (file) => [file, await readFile(join(source, file), "utf8")] as const));
    expect(texts.flatMap(([file, text]) => offDefaults(text).map((docstring) => `${file}: ${docstring}`))).toEqual([]);
    expect(texts.flatMap(([, text]) => text.match(/@defaultValue/g) ?? []).length).toBeGreaterThan(80);
  });

  test.each([
    "/** The most. Default 10. */",
    "/** Default: all. */",
    '/** `"own"` (default): its own. */',
    "/** The most. @defaultValue 10. Beyond: an error. */",
  ])("and another style is found: %s", (docstring) => expect(offDefaults(`${docstring}\nreadonly one?: number;`)).toEqual([docstring]));

  test("but not what comes after it on a line of its own", () => {
    expect(offDefaults("/**\n * The most. @defaultValue 10\n * @throws {@link RangeError} - above 100\n */\n/** Tries. @defaultValue no bound */")).toEqual([]);
  });
});
