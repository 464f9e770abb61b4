import { Parser } from "@asyncapi/parser";
import { Ajv } from "ajv";
import { describe, expect } from "../support/test.ts";
import { test } from "./catalogue-file.ts";
import { documentOf, inside } from "./run.ts";

const text = `
  import { z } from "zod";
  import { type } from "arktype";
  import * as v from "valibot";
  import { asBigInt, asDate, asMap, defineEvents, event, retired } from "tidemark";
  const node = z.object({ name: z.string(), get children() { return z.array(node).optional(); } });
  const list = z.object({ head: z.string(), get next() { return list.nullable().describe("the rest"); } });
  export const events = defineEvents({
    ItemAdded: {
      schema: z.object({ sku: z.string(), price: z.bigint(), at: z.date(), size: z.tuple([z.number(), z.string()]), extra: z.record(z.string(), z.literal("x")) }),
      version: 2, upcast: { 1: ({ data }) => data },
      description: "An item came into the cart.",
      stored: { price: asBigInt, at: asDate },
      examples: [{ sku: "tea", price: 9007199254740993n, at: new Date(0), size: [1, "kg"], extra: { y: "x" } }],
    },
    Moved: { schema: node, examples: [{ name: "a", children: [{ name: "b" }] }] },
    Chained: { schema: z.object({ list, also: list }), examples: [{ list: { head: "a", next: { head: "b", next: null } }, also: { head: "c", next: null } }] },
    Removed: { schema: type({ sku: "string", "count?": "number" }), examples: [{ sku: "tea" }] },
    Counted: { schema: v.object({ prices: v.map(v.string(), v.number()) }), stored: { prices: asMap }, examples: [{ prices: new Map([["a", 1]]) }] },
    Checked: { schema: z.object({ n: z.number().refine(async (n) => n > 0) }), examples: [{ n: 1 }, { n: -1 }] },
    Noted: { schema: event(), examples: [{ $ref: "#/nowhere" }, { any: null }] },
    "Größe geändert": z.object({ "a/b~c": z.string() }),
    "Größe_geändert": z.object({}),
    Gr__e_ge_ndert: z.object({ first: z.literal(1) }),
    constructor: z.object({}),
    ["__proto__"]: z.object({}),
    Old: retired(() => []),
  });`;

describe("tidemark events asyncapi", () => {
  test("prints a document that AsyncAPI's own parser finds no fault with", async ({ catalogue }) => {
    const args = [
      "--title",
      "Shop",
      "--version",
      "2.1.0",
      "--address",
      "shop.events",
      "--server",
      "live=kafka://broker.example:9092",
      "--server",
      "https://shop.example/log",
    ];
    const printed = await inside(["events", "asyncapi", "--catalogue", await catalogue(text), ...args], { env: {} });
    expect([printed.code, printed.stderr]).toEqual([0, ""]);
    const { document, diagnostics } = await new Parser().parse(printed.stdout);
    expect(diagnostics.filter(({ severity }) => [0, 1].includes(severity)).map(({ message, path }) => [message, path.join("/")])).toEqual([]);
    if (!document) throw new Error("it is no document");
    expect([document.version(), document.info().title(), document.info().version()]).toEqual(["3.0.0", "Shop", "2.1.0"]);
    expect(
      document
        .servers()
        .all()
        .map((server) => [server.id(), server.protocol(), server.host(), server.pathname()]),
    ).toEqual([
      ["live", "kafka", "broker.example:9092", undefined],
      ["default", "https", "shop.example", "/log"],
    ]);
    const [channel] = document.channels().all();
    expect([channel?.id(), channel?.address()]).toEqual(["events", "shop.events"]);
    const messages = document.operations().get("sendEvents")?.messages().all() ?? [];
    expect(new Set(messages.map((message) => message.name()))).toEqual(
      new Set([
        "ItemAdded",
        "Moved",
        "Chained",
        "Removed",
        "Counted",
        "Checked",
        "Noted",
        "Größe geändert",
        "Größe_geändert",
        "Gr__e_ge_ndert",
        "constructor",
        "__proto__",
      ]),
    );
    const [added] = messages.filter((message) => message.name() === "ItemAdded");
    expect(added?.description()).toBe("An item came into the cart.");
    expect(added?.headers()?.property("schemaVersion")?.const()).toBe(2);
    expect(
      added
        ?.examples()
        .all()
        .map((example) => example.payload()),
    ).toEqual([{ sku: "tea", price: "9007199254740993", at: "1970-01-01T00:00:00.000Z", size: [1, "kg"], extra: { y: "x" } }]);
    expect(added?.payload()?.json()).toMatchObject({
      type: "object",
      properties: {
        sku: { type: "string" },
        price: { type: "string" },
        at: { format: "date-time" },
        size: { items: [{ type: "number" }, { type: "string" }] },
      },
    });
    const [chained] = messages.filter((message) => message.name() === "Chained");
    expect(chained?.payload()?.property("list")?.property("head")?.type()).toBe("string");
    const counts = Object.fromEntries(messages.map((message) => [message.name(), message.examples().length]));
    expect(counts).toMatchObject({ Moved: 1, Chained: 1, Removed: 1, Counted: 1, Checked: 1, Noted: 1, constructor: 0 });
  });

  test("has schemas that say what they said in the catalogue, wherever they refer to each other", async ({ catalogue }) => {
    const document = documentOf(await inside(["events", "asyncapi", "--catalogue", await catalogue(text)], { env: {} }));
    expect(document).toMatchObject({ info: { title: "Events", version: "1.0.0" }, channels: { events: { address: null } } });
    const ajv = new Ajv({ strict: false, validateFormats: false }).addSchema(Object(document), "document");
    const components = Object(document).components;
    for (const [key, { examples = [] }] of Object.entries<{ examples?: { payload: object }[] }>(components.messages)) {
      for (const { payload } of examples) expect([key, ajv.validate(`document#/components/schemas/${key}`, payload), ajv.errors]).toEqual([key, true, null]);
    }
    for (const [key, wrong] of [
      ["ItemAdded", { ...components.messages.ItemAdded.examples[0].payload, size: ["kg", 1] }],
      ["ItemAdded", { ...components.messages.ItemAdded.examples[0].payload, extra: { y: "z" } }],
      ["Moved", { name: "a", children: [{ name: 7 }] }],
      ["Chained", { list: { head: "a", next: { head: 7, next: null } }, also: { head: "c", next: null } }],
      ["Removed", { sku: "tea", count: "many" }],
      ["Gr__e_ge_ndert", { first: 2 }],
    ] as const) {
      expect([key, wrong, ajv.validate(`document#/components/schemas/${key}`, wrong)]).toEqual([key, wrong, false]);
    }
  });

  test.for([
    [["--server", "broker"], "--server must be name=protocol://host"],
    [["--server", "a=kafka://"], "--server must be name=protocol://host"],
    [["--server", "kafka://me:secret@broker"], "--server holds a user or a password"],
    [["--server", "kafka://a", "--server", "kafka://b"], '--server names "default" twice'],
  ] as const)("refuses %j", async ([args, message], { catalogue }) => {
    const { code, stderr } = await inside(["events", "asyncapi", "--catalogue", await catalogue(text), ...args], { env: {} });
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(stderr).not.toContain("secret");
  });
});
