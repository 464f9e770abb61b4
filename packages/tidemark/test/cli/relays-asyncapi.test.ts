import { Parser } from "@asyncapi/parser";
import { Ajv } from "ajv";
import { cloudEvents, debeziumOutbox, defineRelay, type OutgoingMessage, type RelayMap } from "tidemark";
import { describe, expect } from "../support/test.ts";
import { test } from "./catalogue-file.ts";
import { documentOf, inside } from "./run.ts";

const text = `
  import { z } from "zod";
  import { asBigInt, cloudEvents, debeziumOutbox, defineEvents, defineRelay } from "tidemark";
  export const events = defineEvents({
    OrderPlaced: {
      schema: z.object({ total: z.bigint() }),
      stored: { total: asBigInt },
      description: "An order was placed.",
      examples: [{ total: 40n }],
    },
    OrderPaid: z.object({ by: z.string() }),
  });
  const to = { name: "memory", publish: async () => {}, close: async () => {} };
  const own = Object.assign((event) => ({ body: { order: event.streamId }, headers: { kind: "order" } }), {
    describe: () => ({
      payload: { type: "object", properties: { order: { type: "string" } }, required: ["order"], additionalProperties: false },
      headers: { kind: { const: "order" } },
    }),
  });
  export const relays = [
    defineRelay({ name: "cloud", to, map: cloudEvents({ source: "https://shop.example/events" }) }),
    defineRelay({ name: "debezium", to, map: debeziumOutbox() }),
    defineRelay({ name: "own: paid", to, filter: { types: ["OrderPaid", "Gone"] }, map: own }),
    defineRelay({ name: "mails", to, source: "outbox" }),
    defineRelay({ name: "silent", to, filter: [{ types: ["OrderPaid"] }, { categories: ["order"] }], map: () => null }),
  ];`;

const own: RelayMap = (event) => ({ body: { order: event.streamId }, headers: { kind: "order" } });

describe("tidemark events asyncapi --relay", () => {
  test("prints a document that AsyncAPI's own parser finds no fault with", async ({ catalogue }) => {
    const file = await catalogue(text);
    const named = ["cloud", "debezium", "own: paid", "silent"].flatMap((name) => ["--relay", name]);
    const printed = await inside(["events", "asyncapi", "--catalogue", file, "--relays", file, ...named], { env: {} });
    expect([printed.code, printed.stderr]).toEqual([0, ""]);
    const { document, diagnostics } = await new Parser().parse(printed.stdout);
    expect(diagnostics.filter(({ severity }) => [0, 1].includes(severity)).map(({ message, path }) => [message, path.join("/")])).toEqual([]);
    const channels = document?.channels().all() ?? [];
    const types = channels.map((channel) => [
      channel.id(),
      channel
        .messages()
        .all()
        .map((message) => message.name()),
    ]);
    expect(types).toEqual([
      ["cloud", ["OrderPlaced", "OrderPaid"]],
      ["debezium", ["OrderPlaced", "OrderPaid"]],
      ["own__paid", ["OrderPaid"]],
      ["silent", ["OrderPlaced", "OrderPaid"]],
    ]);
    const [placed] = channels[0]?.messages().all() ?? [];
    expect([placed?.description(), placed?.contentType()]).toEqual(["An order was placed.", "application/cloudevents+json; charset=utf-8"]);
    // Data are an example of a message where they are the whole of it.
    expect(channels.map((channel) => channel.messages().all()[0]?.examples().length)).toEqual([0, 1, 0, 0]);
  });

  test.for([
    ["cloud", cloudEvents({ source: "https://shop.example/events" })],
    ["debezium", debeziumOutbox()],
    ["own: paid", own],
  ] as const)("says of %s what it publishes", async ([name, map], { catalogue, store }) => {
    const file = await catalogue(text);
    const document = documentOf(await inside(["events", "asyncapi", "--catalogue", file, "--relays", file, "--relay", name], { env: {} }));
    const published: OutgoingMessage[] = [];
    const publish = async (message: OutgoingMessage): Promise<void> => void published.push(message);
    await store.appendToStream("order-7", [
      {
        type: "OrderPlaced",
        data: { total: "40" },

        metadata: { correlationId: "c", traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` },
        tags: ["a"],
      },
      { type: "OrderPaid", data: { by: "ada" } },
    ]);
    const worker = store.createWorker({ relays: [defineRelay({ name, map, to: { name: "memory", publish, close: async () => {} } })] });
    await worker.start();
    await worker.caughtUp();
    await worker.stop();
    const { components, defaultContentType } = Object(document);
    const key = name.replaceAll(/[: ]/g, "_");
    const ajv = new Ajv({ strict: false, validateFormats: false }).addSchema(Object(document), "document");
    let checked = 0;
    for (const { event, body, headers, contentType } of published) {
      const described = components.messages[`${key}.${event.type}`];
      if (!described) continue;
      checked++;
      const at = `document#/components/messages/${key}.${event.type}`;
      expect([ajv.validate(`${at}/headers`, headers), ajv.errors]).toEqual([true, null]);
      expect([ajv.validate(`${at}/payload`, JSON.parse(Buffer.from(body).toString())), ajv.errors]).toEqual([true, null]);
      expect(ajv.validate(`${at}/payload`, { order: 7 })).toBe(false);
      expect(ajv.validate(`${at}/headers`, { ...headers, "tidemark-schema-version": "9" })).toBe(false);
      expect(described.contentType ?? defaultContentType).toBe(contentType);
    }
    expect(checked).toBe(name === "own: paid" ? 1 : 2);
  });

  test.for([
    [["--relay", "clout"], '--relay is "clout", which is not defined; did you mean "cloud"?'],
    [["--relay", "mails"], '--relay is "mails", which publishes messages of the outbox'],
    [["--relay", "cloud", "--relay", "silent", "--address", "a"], "--address is of one channel, and several relays are named"],
    [[], "--relays needs --relay, the name of each relay to document"],
  ] as const)("refuses %j", async ([args, message], { catalogue }) => {
    const file = await catalogue(text);
    const { code, stderr } = await inside(["events", "asyncapi", "--catalogue", file, "--relays", file, ...args], { env: {} });
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});
