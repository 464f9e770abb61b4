import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { defineConsumer, defineProcess, type Event, openEventStore } from "../../src/index.ts";
import { describe, eventually, expect } from "../support/test.ts";
import { test as base } from "./catalogue-file.ts";
import { documentOf, documentsOf, inside, start } from "./run.ts";

const definitions = `
  import { asBigInt, asDate, defineEvents, event, retired } from "tidemark";
  export const events = defineEvents({
    ItemAdded: { schema: event(), version: 3, upcast: { 1: ({ data }) => ({ sku: data.item }), 2: ({ data }) => ({ ...data, quantity: 1 }) }, downcast: { 3: ({ data }) => data } },
    CartConfirmed: { schema: event(), version: 2, upcast: { 1: ({ data }) => ({ at: data.when, cents: "9007199254740993" }) }, stored: { at: asDate, cents: asBigInt } },
    BasketFilled: retired(({ data }) => data.skus.map((sku) => ({ type: "ItemAdded", schemaVersion: 2, data: { sku } }))),
    CartTouched: retired(() => []),
  });`;

const at = "2026-05-01T00:00:00.000Z";
const stored = [
  { streamId: "cart-1", type: "BasketFilled", data: { skus: ["jam", "rye"] }, tags: ["t"] },
  { streamId: "cart-1", type: "CartTouched", data: {} },
  { streamId: "cart-1", type: "CartConfirmed", data: { when: at } },
  { streamId: "cart-2", type: "ItemAdded", data: { item: "tea" }, metadata: { actorId: "ada" } },
  { streamId: "cart-2", type: "CartConfirmed", data: { at, cents: "12345678901234567890" }, schemaVersion: 2 },
];
const today = [
  { streamId: "cart-1", type: "ItemAdded", data: { sku: "jam", quantity: 1 }, schemaVersion: 3, version: 1, position: 1, part: 0, tags: ["t"] },
  { streamId: "cart-1", type: "ItemAdded", data: { sku: "rye", quantity: 1 }, schemaVersion: 3, version: 1, position: 1, part: 1, tags: ["t"] },
  { streamId: "cart-1", type: "CartConfirmed", data: { at, cents: "9007199254740993" }, schemaVersion: 2, version: 3 },
  { streamId: "cart-2", type: "ItemAdded", data: { sku: "tea", quantity: 1 }, schemaVersion: 3, version: 1, metadata: { actorId: "ada" } },
  { streamId: "cart-2", type: "CartConfirmed", data: { at, cents: "12345678901234567890" }, schemaVersion: 2, version: 2 },
];

/** `at`: the options of a database of either kind, with what yesterday's code wrote. `today`: those of the catalogue. */
const test = base
  .extend("filled", async ({ databaseUrl, schema, catalogue }) => async (kind: "server" | "embedded") => {
    const file = await catalogue(definitions);
    const url = kind === "server" ? databaseUrl : `file:${join(file, "../data")}`;
    const of = ["--url", url, "--schema", schema];
    await inside(["import", "-", ...of], { input: stored.map((event) => `${JSON.stringify(event)}\n`).join("") });
    return { url, of, today: [...of, "--catalogue", file] };
  })
  .extend("at", ({ filled }) => filled("server"));

const printsNone = "prints no event's data";
type Ask = (of: readonly string[]) => Promise<readonly unknown[]>;

describe("with --catalogue, events come in today's shapes", () => {
  test("of every command that prints events; and as they are stored with --raw or without it", async ({ at: { url, of, today: shaped }, schema }) => {
    await using store = await openEventStore(url, { schema });
    const failing = defineConsumer({
      name: "failing",
      retry: { attempts: 1 },
      filter: { streamIds: ["cart-2"] },
      handle: () => Promise.reject(new Error("no")),
    });
    const carts = defineProcess<{ seen: number }, Event>({
      name: "carts",
      handles: ["ItemAdded", "CartConfirmed"],
      filter: { streamIds: ["cart-2"] },
      instanceId: ({ streamId }) => streamId,
      initialState: () => ({ seen: 0 }),
      evolve: ({ seen }) => ({ seen: seen + 1 }),
      react: () => [],
    });
    await using worker = store.createWorker({ consumers: [failing], processes: [carts], onError: () => {} });
    await worker.start();
    await worker.caughtUp();
    await eventually(async () => expect(await store.deadLetters.list()).toHaveLength(2));
    expect(await inside(["indexes", "create", "causation", ...of])).toMatchObject({ code: 0 });
    const confirmed = await store.readStream("cart-2").toArray();
    const ask =
      (...args: readonly string[]): Ask =>
      async (options) =>
        documentsOf(await inside([...args, ...options]));
    const letters = ask("dead-letters", "list", "--json");
    const asks: Readonly<Record<string, Ask | typeof printsNone>> = {
      read: ask("read", "--json"),
      export: ask("export"),
      async tail(options) {
        const child = start(["tail", "--after", "0", "--json", ...options]);
        const lines: unknown[] = [];
        const want = options.includes("--catalogue") && !options.includes("--raw") ? today.length : stored.length;
        if (child.stdout) for await (const line of createInterface({ input: child.stdout })) if (lines.push(JSON.parse(line)) === want) child.kill("SIGKILL");
        if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
        return lines;
      },
      "dead-letters-list": async (options) => (await letters(options)).map((letter) => Object(letter).event),
      "dead-letters-show": async (options) =>
        [documentOf(await inside(["dead-letters", "show", "failing", "4", "--json", ...options]))].map((letter) => Object(letter).event),
      why: async (options) => {
        const trees = [];
        for (const { id } of confirmed) trees.push(documentOf(await inside(["why", id, "--json", ...options])));
        return trees.map((tree) => Object(tree).event);
      },
      "processes-show": async (options) => {
        const { inputs } = Object(documentOf(await inside(["processes", "show", "carts", "cart-2", "--json", ...options])));
        return inputs.map(({ event }: { readonly event: unknown }) => event);
      },
      ...Object.fromEntries(
        [
          "append",
          "audit-list",
          "audit-prune",
          "completion",
          "consumers-list",
          "consumers-pause",
          "consumers-rename",
          "consumers-reset",
          "consumers-resume",
          "consumers-show",
          "dead-letters-discard",
        ].map((name) => [name, printsNone]),
      ),
      ...Object.fromEntries(
        [
          "dead-letters-history",
          "dead-letters-retry",
          "demo",
          "doctor",
          "events-asyncapi",
          "events-check",
          "events-diff",
          "events-golden",
          "events-list",
          "events-schema",
          "health",
        ].map((name) => [name, printsNone]),
      ),
      ...Object.fromEntries(
        [
          "import",
          "indexes-create",
          "indexes-drop",
          "indexes-list",
          "mcp",
          "metrics",
          "migrate-chain",
          "migrate-roles",
          "migrate-sql",
          "migrate-status",
          "migrate-up",
          "migrate-verify",
          "outbox-clean-up",
          "outbox-list",
          "outbox-stats",
          "processes-cancel",
          "processes-list",
          "processes-retry",
          "relay",
          "relays-list",
          "relays-pause",
          "relays-reset",
          "relays-resume",
          "relays-show",
          "stats",
          "streams",
          "studio",
          "timers-cancel",
          "timers-list",
          "verify",
          "worker",
        ].map((name) => [name, printsNone]),
      ),
      ...Object.fromEntries(
        ["check", "deactivate", "drop", "list", "pause", "rebuild", "rebuild-document", "resume", "rollback", "show", "swap"].map((name) => [
          `projections-${name}`,
          printsNone,
        ]),
      ),
    };
    const helps = (await readdir(join(import.meta.dirname, "help"))).map((file) => file.replace(/^tidemark-?|\.txt$/g, ""));
    const commands = helps.filter((name) => name !== "" && !helps.some((other) => other.startsWith(`${name}-`)));
    expect(commands.filter((name) => !(name in asks))).toEqual([]);
    const ofCart2 = ["dead-letters-list", "dead-letters-show", "why", "processes-show"];
    for (const [name, asked] of Object.entries(asks)) {
      if (asked === printsNone) continue;
      const [expected, raw] = ofCart2.includes(name)
        ? [today.slice(3), stored.slice(3)].map((events) => (name === "dead-letters-show" ? events.slice(0, 1) : events))
        : [today, stored];
      expect([name, await asked(shaped)]).toMatchObject([name, expected]);
      expect([name, await asked([...shaped, "--raw"])]).toMatchObject([name, raw]);
      expect([name, await asked(of)]).toMatchObject([name, raw]);
    }
  });

  test("of an embedded database, too, and by filters that mean today's types", async ({ filled }) => {
    const { today: shaped } = await filled("embedded");
    const added = today.filter(({ type }) => type === "ItemAdded");
    expect(documentsOf(await inside(["export", "--type", "ItemAdded", ...shaped]))).toMatchObject(added);
    expect(documentsOf(await inside(["read", "--type", "ItemAdded", "--data", '{"quantity":1}', "--json", ...shaped]))).toMatchObject(added);
    expect(documentsOf(await inside(["export", "--type", "BasketFilled", ...shaped]))).toEqual([]);
  });
});

describe("an export with a catalogue", () => {
  test("leaves the text of what is in its newest shape as the database holds it", async ({ at: { of, today: shaped } }) => {
    const exact = '{"streamId":"s","type":"ItemAdded","schemaVersion":3,"data":{"big":9007199254740993,"price":1.10}}\n';
    await inside(["import", "-", ...of], { input: exact });
    expect((await inside(["export", "--stream", "s", ...shaped])).stdout).toContain('"data":{"big": 9007199254740993, "price": 1.10}');
  });

  test.for(["ndjson", "csv", "cloudevents"])(
    "as %s imports where no event became several, and is refused where one did",
    async (format, { at: { of, today: shaped, url } }) => {
      const exported = async (...more: string[]): Promise<string> => (await inside(["export", "--format", format, ...more, ...shaped])).stdout;
      const into = (name: string): string[] => ["import", "-", "--format", format, "--url", url, "--schema", name, "--json"];
      expect(documentOf(await inside(into(`whole ${format}`), { input: await exported("--stream", "cart-2") }))).toMatchObject({ written: 2 });
      expect(documentsOf(await inside(["export", "--url", url, "--schema", `whole ${format}`]))).toMatchObject(today.slice(3));
      const refused = await inside(into(`parts ${format}`), { input: await exported() });
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("part says that a catalogue made several events of a stored one") });
      // What is stored is a copy.
      const raw = await exported("--raw");
      expect(documentOf(await inside([...into(`copy ${format}`), "--keep-positions"], { input: raw }))).toMatchObject({ written: stored.length });
      expect((await inside(["export", "--url", url, "--schema", `copy ${format}`])).stdout).toBe((await inside(["export", ...of])).stdout);
    },
  );

  test("stops at events that the catalogue does not know, or leaves them out, or passes them on", async ({ at: { of, today: shaped }, catalogue }) => {
    await inside(["import", "-", ...of], {
      input: '{"streamId":"s","type":"Odd","data":{}}\n{"streamId":"s","type":"ItemAdded","schemaVersion":9,"data":{}}\n',
    });
    expect(await inside(["export", ...shaped])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is of type "Odd", which the catalogue does not know'),
    });
    const skipped = await inside(["export", "--unknown-events", "skip", ...shaped]);
    expect(documentsOf(skipped)).toHaveLength(today.length);
    expect(skipped.stderr).toContain("2 events of types that the catalogue does not know were left out.");
    expect(documentsOf(await inside(["export", "--unknown-events", "pass", ...shaped])).slice(-2)).toMatchObject([{ type: "Odd" }, { schemaVersion: 9 }]);
    const file = join(await catalogue(""), "../out.ndjson");
    expect(documentOf(await inside(["export", file, "--json", "--unknown-events", "skip", ...shaped]))).toMatchObject({ events: today.length, skipped: 2 });
    expect((await readFile(file, "utf8")).split("\n")).toHaveLength(today.length + 1);
    expect(await inside(["export", "--unknown-events", "skip", ...of])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--unknown-events needs --catalogue"),
    });
  });
});
