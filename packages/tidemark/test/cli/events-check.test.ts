import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineEvents, event, type EventCatalogue, type EventStore, openEventStore } from "tidemark";
import { describe, expect } from "../support/test.ts";
import { test as base } from "./catalogue-file.ts";
import { documentOf, inside } from "./run.ts";

/** What today's code is: version 3 of one type, which it can give in version 2. */
const today = `
  import { defineEvents, event, retired } from "tidemark";
  const checked = (validate) => ({ "~standard": { version: 1, vendor: "test", validate } });
  export const events = defineEvents({
    Priced: {
      schema: checked(async (value) => typeof value.price === "number" ? { value } : { issues: [{ message: "Expected a number", path: ["lines", 0, "price"] }] }),
      version: 3,
      upcast: {
        1: ({ data }) => { if (data.broken) throw new TypeError("no cents"); return { price: data.cents }; },
        2: ({ data }) => data,
      },
      downcast: { 3: ({ data }) => { if (data.price < 0) throw new RangeError("below zero"); return data; } },
      examples: EXAMPLES,
    },
    Opened: retired(() => []),
  });`;

const pricedUpTo = (version: number): EventCatalogue =>
  defineEvents({
    Priced: { schema: event<object>(), version, upcast: Object.fromEntries([1, 2, 3].slice(0, version - 1).map((n) => [n, ({ data }) => data])) },
  });

const test = base.extend("check", async ({ catalogue }) => {
  return async (url: string, schema: string, args: readonly string[], text = today.replace("EXAMPLES", "[{ price: 1 }]")) =>
    inside(["events", "check", "--url", url, "--schema", schema, "--catalogue", await catalogue(text), ...args]);
});

describe("tidemark events check", () => {
  test.for(["server", "PGlite"] as const)(
    "on %s reports with ids and paths what a catalogue cannot handle",
    async (kind, { databaseUrl, schema, check, onTestFinished }) => {
      const folder = await mkdtemp(join(tmpdir(), "tidemark-check-"));
      onTestFinished(() => rm(folder, { recursive: true }));
      const url = kind === "server" ? databaseUrl : `file:${join(folder, "data")}`;
      const ids: Record<string, string> = {};
      for (const version of [1, 2, 4]) {
        await using store: EventStore = await openEventStore(url, { schema, ...(version > 1 && { events: pricedUpTo(version) }) });
        const types: Record<number, [string, object][]> = {
          1: [
            ["Priced", { cents: 5 }],
            ["Priced", { broken: true }],
            ["Opened", {}],
            ["Strange", {}],
          ],
          2: [
            ["Priced", { price: "five" }],
            ["Priced", { price: -1 }],
          ],
          4: [["Priced", { price: 9 }]],
        };
        for (const [type, data] of types[version] ?? []) {
          const id = crypto.randomUUID();
          await store.forTenant("acme").appendToStream("cart-1", [{ id, type, data }]);
          ids[`${type} ${JSON.stringify(data)}`] = id;
        }
      }
      const { code, stdout } = await check(url, schema, ["--json"]);
      const problem = (key: string, kinds: object): object => ({ id: ids[key], streamId: "cart-1", tenant: "acme", ...kinds });
      expect([code, JSON.parse(stdout)]).toMatchObject([
        1,
        {
          position: 7,
          checked: 7,
          failed: 5,
          examples: [],
          types: [
            { type: "Opened", schemaVersion: 1, count: 1, checked: 1, failed: 0, problems: [] },
            {
              type: "Priced",
              schemaVersion: 1,
              checked: 2,
              failed: 1,
              problems: [problem('Priced {"broken":true}', { kind: "undecodable", position: 2, message: expect.stringContaining("no cents") })],
            },
            {
              type: "Priced",
              schemaVersion: 2,
              failed: 2,
              problems: [
                problem('Priced {"price":"five"}', { kind: "invalid", issues: [{ path: "data.lines[0].price", message: "Expected a number" }] }),
                problem('Priced {"price":-1}', { kind: "downcast", message: expect.stringContaining("below zero") }),
              ],
            },
            { type: "Priced", schemaVersion: 4, failed: 1, problems: [problem('Priced {"price":9}', { kind: "unknown" })] },
            { type: "Strange", schemaVersion: 1, failed: 1, problems: [{ kind: "unknown" }] },
          ],
        },
      ]);
      const sampled = await check(url, schema, ["--sample", "1", "--json"]);
      expect([sampled.code, documentOf(sampled)]).toMatchObject([1, { checked: 5, types: [{ count: 1 }, { count: 2, checked: 1 }, { count: 2 }, {}, {}] }]);
      const lenient = await check(url, schema, ["--no-validate"]);
      expect(lenient.code).toBe(1);
      expect(lenient.stdout).toMatch(/^events +checked +failed +version +type\n/);
      expect(lenient.stdout).not.toContain("Expected a number");
      expect(lenient.stdout).toContain("below zero");
    },
  );

  test("ends with 0 where all is well, and with 1 for an example that does not fit", async ({ store, databaseUrl, schema, check }) => {
    const empty = await check(databaseUrl, schema, ["--sample", "5"]);
    expect([empty.code, empty.stderr]).toEqual([0, expect.stringContaining("0 events up to position 0 checked")]);
    await store.appendToStream("cart-1", [{ type: "Priced", data: { cents: 1 } }]);
    const good = await check(databaseUrl, schema, []);
    expect([good.code, good.stderr]).toEqual([0, expect.stringContaining("the catalogue can handle them")]);
    const bad = await check(databaseUrl, schema, ["--json"], today.replace("EXAMPLES", "[{ price: 'x' }]"));
    expect([bad.code, documentOf(bad)]).toMatchObject([1, { failed: 0, examples: [expect.stringContaining("definitions.Priced.examples[0]")] }]);
  });

  test("reads as many of each version as were asked for, wherever they stand, and says how many more failed", async ({ store, databaseUrl, schema, check }) => {
    const many = Array.from({ length: 300 }, (_, n) => ({ type: n % 2 === 0 ? "Priced" : "Strange", data: { cents: n } }));
    await store.appendToStream("cart-1", [...many, { type: "Rare", data: {} }]);
    for (const size of [1, 2, 7, 100, 149, 150, 151]) {
      const ended = await check(databaseUrl, schema, ["--sample", `${size}`, "--json"]);
      const checked = Math.min(size, 150);
      expect([size, documentOf(ended)]).toMatchObject([
        size,
        {
          types: [
            { type: "Priced", count: 150, checked },
            { type: "Rare", checked: 1 },
            { type: "Strange", count: 150, checked },
          ],
        },
      ]);
    }
    expect((await check(databaseUrl, schema, [])).stdout).toContain("and 140 events more");
  });

  test.for([
    [["--sample", "0"], "It must be from 1 to 10000."],
    [["--catalogue", "none.ts"], "--catalogue cannot be read"],
  ] as const)("%j ends with 2", async ([args, told]) => {
    const { code, stderr } = await inside(["events", "check", ...args]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(told)]);
  });
});
