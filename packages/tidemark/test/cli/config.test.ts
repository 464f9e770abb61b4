import { once } from "node:events";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, eventually, expect, test as base } from "../support/test.ts";
import { documentOf, documentsOf, type Ended, inside, type RunOptions, start, tidemark } from "./run.ts";

/** `folder`: beside this file, so that what is in it imports the library; removed after the test. `write`: writes a file there. */
const test = base
  .extend("folder", async ({}, { onCleanup }) => {
    const folder = join(import.meta.dirname, `.config-${process.pid}-${Math.random().toString(36).slice(2)}`);
    await mkdir(join(folder, "below/it"), { recursive: true });
    onCleanup(() => rm(folder, { recursive: true }));
    return folder;
  })
  .extend("write", ({ folder }) => async (name: string, text: string): Promise<string> => {
    const file = join(folder, name);
    await writeFile(file, text);
    return file;
  });

const configOf = (fields: object, more = ""): string => `
  import { defineConfig, defineConsumer, defineEvents, documentProjection, event } from "tidemark";
  ${more}
  export default defineConfig({ ...${JSON.stringify(fields)}${more === "" ? "" : ", ...rest"} });`;

const told = ({ code, stderr }: Ended): unknown => [code, stderr];
const at = async (args: readonly string[], options: RunOptions): Promise<unknown> => {
  const ended = await tidemark([...args, "--json"], options);
  return ended.code === 0 ? documentOf(ended) : ended.stderr;
};

describe("tidemark.config.ts", () => {
  test("gives commands their database, their schema and what the application defines, from any folder below", async ({
    folder,
    write,
    store,
    schema,
    databaseUrl,
  }) => {
    await store.appendToStream("cart-1", [{ type: "ItemAdded", data: { sku: "tea" } }]);
    await write(
      "tidemark.config.ts",
      configOf(
        { url: databaseUrl, schema },
        `const events = defineEvents({ ItemAdded: { schema: event<{ sku: string; gift: boolean }>(), version: 2, upcast: { 1: ({ data }) => ({ ...data, gift: false }) } } });
         const carts = documentProjection({ name: "carts", mode: "inline", collection: "carts", events, handles: ["ItemAdded"], documentId: ({ streamId }) => streamId,
           evolve: (cart: { items: number } | undefined) => ({ items: (cart?.items ?? 0) + 1 }) });
         // What it leaves open must not keep the process.
         setInterval(() => {}, 1_000);
         const rest = { events, projections: [carts] };`,
      ),
    );
    const cwd = join(folder, "below/it");
    expect(documentsOf(await tidemark(["read", "--json"], { cwd }))).toMatchObject([{ data: { sku: "tea", gift: false }, schemaVersion: 2 }]);
    expect(documentsOf(await tidemark(["read", "--raw", "--json"], { cwd }))).toMatchObject([{ data: { sku: "tea" } }]);
    expect((await tidemark(["append", "cart-1", "--type", "ItemAdded", "--data", '{"sku":"mug","gift":true}'], { cwd })).stderr).toBe("");
    expect(await store.documents("carts").get("cart-1")).toMatchObject({ items: 2 });
    expect(documentOf(await tidemark(["events", "schema", "--json"].slice(0, 2), { cwd }))).toMatchObject({ type: "ItemAdded", schemaVersion: 2 });
    expect((await tidemark(["events", "check"], { cwd })).code).toBe(0);
    expect(documentOf(await tidemark(["projections", "check", "carts", "--json"], { cwd }))).toMatchObject({ different: 0 });
    // An export without --catalogue stays a backup.
    expect((await tidemark(["export", "-"], { cwd })).stdout.split("\n")[0]).toContain('"data":{"sku": "tea"}');
  });

  test("names what a worker runs, where no module does", async ({ folder, write, store, schema, databaseUrl, onTestFinished }) => {
    await store.appendToStream("cart-1", [{ type: "Noted", data: {} }]);
    await write(
      "tidemark.config.ts",
      configOf(
        { url: databaseUrl, schema },
        `const mailer = defineConsumer({ name: "mailer", async handle({ type }, context) {
           if (type === "Noted") await context.appendToStream("mail-1", [{ type: "Sent", data: {} }]);
         } });
         const carts = documentProjection({ name: "carts", mode: "async", collection: "carts", handles: ["Noted"], documentId: ({ streamId }) => streamId,
           evolve: (cart: { items: number } | undefined) => ({ items: (cart?.items ?? 0) + 1 }) });
         const rest = { consumers: [mailer], projections: [carts] };`,
      ),
    );
    const child = start(["worker"], { cwd: join(folder, "below/it") }, "ignore");
    onTestFinished(() => void child.kill("SIGKILL"));
    const ended = once(child, "close");
    await eventually(async () => expect((await store.streamInfo("mail-1")).version).toBe(1));
    await eventually(async () => expect(await store.documents("carts").get("cart-1")).toMatchObject({ items: 1 }));
    child.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
  });

  test("of the nearest folder counts, and --config names another", async ({ folder, write, schema, databaseUrl, store }) => {
    void store;
    await write("tidemark.config.ts", configOf({ url: databaseUrl, schema: "far" }));
    await write("below/tidemark.config.mjs", `export default { url: ${JSON.stringify(databaseUrl)}, schema: "near" };`);
    const named = await write("named.ts", configOf({ url: databaseUrl, schema }));
    const cwd = join(folder, "below/it");
    expect((await tidemark(["streams"], { cwd })).stderr).toContain('"near"');
    expect((await tidemark(["streams"], { cwd: folder })).stderr).toContain('"far"');
    expect((await tidemark(["streams", "--config", named], { cwd })).code).toBe(0);
    expect((await tidemark(["streams", "--no-config"], { cwd })).stderr).toContain("--url is missing");
  });

  test("names a folder from its own", async ({ folder, write }) => {
    await write("tidemark.config.ts", configOf({ url: "file:./data" }));
    const { stderr } = await tidemark(["streams"], { cwd: join(folder, "below/it") });
    expect(stderr).toContain(`tidemark.config.ts names the folder ${JSON.stringify(join(folder, "data"))}, which holds no database`);
  });

  test.for([
    ["with an unknown key", "export default { shcema: 'a' };", "has a mistake: config.shcema is not an option"],
    ["with a wrong url", "export default { url: 'mysql://a' };", 'has a mistake: config.url must begin with postgres:// or file: (got "mysql://")'],
    ["with a consumer that is none", "export default { consumers: [{ name: 'a' }] };", "config.consumers[0] must be what defineConsumer returns"],
    ["with a wrong schema", "export default { schema: '' };", "config.schema is empty"],
    ["with a catalogue that is none", "export default { events: {} };", "config.events must be a catalogue made by defineEvents"],
    ["with a decider that is none", "export default { deciders: { cart: {} } };", "config.deciders.cart.initialState must be a function"],
    ["with a mask that is no function", "export default { mask: ['data.email'] };", "config.mask must be a function, not an array"],
    ["with a mask of states that is no function", "export default { maskDerived: 'email' };", "config.maskDerived must be a function"],
    ["with a mistyped mask", "export default { maskDerivd: () => [] };", 'config.maskDerivd is not an option; did you mean "maskDerived"?'],
    ["without a default", "export const config = {};", "exports no configuration by default: it exports config (an object)"],
    ["with an import without extension", "import './other'; export default {};", "Node.js takes imports as they are written"],
    ["with an enum", "enum A { B } export default { A };", "enums, namespaces and parameter properties have to be compiled before"],
    ["that throws", "throw new Error('not today');", "cannot be loaded: Error: not today"],
  ] as const)("%s is refused", async ([, text, message], { folder, write }) => {
    await write("tidemark.config.ts", text);
    const { code, stderr } = await tidemark(["streams", "--url", "postgres://localhost/none"], { cwd: folder });
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(stderr).toContain("tidemark.config.ts");
  });
});

describe("the schema and the database", () => {
  /** Which of them the command took, by its refusal: none of the schemas is there. */
  const schemaOf = async (args: readonly string[], options: RunOptions): Promise<string | undefined> =>
    /Schema "(\w+)"/.exec((await tidemark(["streams", ...args], options)).stderr)?.[1];

  test("are those of flags, else of the environment, else of the configuration, else of .env", async ({ folder, write, databaseUrl }) => {
    const options = { cwd: folder };
    const env = { TIDEMARK_SCHEMA: "environment" };
    await write(".env", `DATABASE_URL=${databaseUrl}\nTIDEMARK_SCHEMA=dotenv\n`);
    expect(await schemaOf([], options)).toBe("dotenv");
    await write("tidemark.config.ts", "export default { schema: 'config' };");
    expect(await schemaOf([], options)).toBe("config");
    expect(await schemaOf([], { ...options, env })).toBe("environment");
    expect(await schemaOf(["--schema", "flag"], { ...options, env })).toBe("flag");

    const nowhere = (name: string): string => `file:${join(folder, name)}`;
    const urlOf = async (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string | undefined> =>
      /names the folder ".*\/(\w+)"/.exec((await tidemark(["streams", ...args], { ...options, env })).stderr)?.[1];
    await write(".env", "DATABASE_URL=file:./dotenv\n");
    expect(await urlOf([])).toBe("dotenv");
    await write("tidemark.config.ts", "export default { url: 'file:./config' };");
    expect(await urlOf([])).toBe("config");
    expect(await urlOf([], { DATABASE_URL: nowhere("environment") })).toBe("environment");
    expect(await urlOf(["--url", nowhere("flag")], { DATABASE_URL: nowhere("environment") })).toBe("flag");
  });

  test("of .env can be used by the configuration", async ({ folder, write, databaseUrl, schema, store }) => {
    void store;
    await write(".env", `SHOP_DATABASE="${databaseUrl}"\n`);
    await write("tidemark.config.ts", `export default { url: process.env.SHOP_DATABASE, schema: ${JSON.stringify(schema)} };`);
    expect(told(await tidemark(["streams", "cart-1"], { cwd: folder }))).toEqual([0, ""]);
  });

  test("can be those of PostgreSQL's own variables, also in .env", async ({ folder, write, databaseUrl, schema, store }) => {
    void store;
    const { hostname, port, username, password, pathname } = new URL(databaseUrl);
    const PGDATABASE = decodeURIComponent(pathname.slice(1));
    const env = { PGHOST: hostname, PGPORT: port, PGUSER: decodeURIComponent(username), PGPASSWORD: decodeURIComponent(password), PGDATABASE };
    const args = ["streams", "cart-1", "--schema", schema];
    expect(await at(args, { env, cwd: folder })).toMatchObject({ version: 0 });
    // DATABASE_URL says more.
    expect(await at(args, { env: { ...env, DATABASE_URL: "file:./none" }, cwd: folder })).toContain("DATABASE_URL names the folder");
    await write(
      ".env",
      Object.entries(env)
        .map(([name, value]) => `${name}='${value}'\n`)
        .join(""),
    );
    expect(await at(args, { cwd: folder })).toMatchObject({ version: 0 });
  });

  test("of the demo are its own", async ({ folder, write }) => {
    await write("tidemark.config.ts", "throw new Error('not for the demo');");
    const { code } = await tidemark(["demo", "--events", "100", "--json"], { cwd: folder });
    expect(code).toBe(0);
  });
});

test("a command that is given no file says what the configuration lacks", async () => {
  for (const [args, lacks] of [
    [["worker"], "<file> is missing, and tidemark.config.ts, which was not found, names no consumers, projections, processes or relays"],
    [["events", "check"], "--catalogue is missing, and tidemark.config.ts, which was not found, names no events"],
    [["projections", "check", "carts"], "--projections is missing, and tidemark.config.ts, which was not found, names no projections"],
  ] as const)
    expect(told(await inside([...args, "--url", "postgres://localhost/none"]))).toEqual([2, expect.stringContaining(lacks)]);
});
