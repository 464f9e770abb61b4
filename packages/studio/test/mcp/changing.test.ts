import type { Client } from "@modelcontextprotocol/client";
import { defineConsumer, type EventStore } from "tidemark";
import { mcpHandler } from "@tidemark/studio/mcp";
import { drivers } from "../../../tidemark/test/contract/drivers.ts";
import { describe, eventually, expect } from "../../../tidemark/test/support/test.ts";
import { connected, textOf } from "./client.ts";

interface Outcome {
  readonly made: boolean;
  readonly confirmation: string | null;
}

async function change(
  client: Client,
  name: string,
  given: Record<string, unknown>,
): Promise<{ readonly outcome: Outcome; readonly isError: boolean; readonly text: string }> {
  const result = await client.callTool({ name, arguments: given });
  const outcome: Outcome = JSON.parse(JSON.stringify(result.structuredContent ?? {}));
  return { outcome, isError: result.isError === true, text: textOf(result) };
}

async function withLetter(store: EventStore): Promise<number> {
  const mailer = defineConsumer({
    name: "mailer",
    handle: () => {
      throw new Error("no mail server");
    },
    retry: { attempts: 1 },
  });
  const { position } = await store.appendToStream("order-1", [{ type: "OrderPlaced", data: {} }]);
  const worker = store.createWorker({ consumers: [mailer] });
  await worker.start();
  await eventually(async () => expect(await store.deadLetters.list()).toHaveLength(1));
  await worker.stop();
  return position;
}

async function audited(store: EventStore): Promise<string[]> {
  return (await store.audit.list()).map(({ action, subject, state, actor }) => `${action} ${subject} by ${actor}: ${state}`);
}

const mailer = { kind: "consumer", name: "mailer" };

describe.each(drivers)("changes on $driver", ({ test }) => {
  test("are not there unless they are allowed", async ({ open, schema }) => {
    const store = await open();
    const client = await connected(await mcpHandler(store, { schema }), "auto");
    expect((await client.listTools()).tools.filter(({ annotations }) => annotations?.readOnlyHint !== true)).toEqual([]);
    await expect(client.callTool({ name: "pause_follower", arguments: mailer })).rejects.toThrow("pause_follower");
    await client.close();
  });

  test("are made by a client that can ask its user once that user agrees, are audited, and not made otherwise", async ({ open, schema }) => {
    const store = await open();
    const position = await withLetter(store);
    const asked: string[] = [];
    const answers: { action: "accept" | "decline"; content?: { confirm: boolean } }[] = [
      { action: "decline" },
      { action: "accept", content: { confirm: false } },
      { action: "accept", content: { confirm: true } },
    ];
    const handler = await mcpHandler(store, { schema, role: "admin" });
    const client = await connected(handler, "auto", { capabilities: { elicitation: { form: {} } } });
    client.setRequestHandler("elicitation/create", async ({ params }) => {
      asked.push(params.message);
      return answers.shift() ?? { action: "cancel" };
    });
    const letter = { kind: "consumer", consumer: "mailer", position };
    for (let refused = 0; refused < 2; refused++) {
      expect(await change(client, "discard_dead_letter", letter)).toMatchObject({ isError: true, text: expect.stringContaining("Nothing was changed") });
      expect([await store.deadLetters.list(), await audited(store)]).toMatchObject([[{ position }], []]);
    }
    expect((await change(client, "discard_dead_letter", letter)).outcome).toMatchObject({ made: true });
    expect(await store.deadLetters.list()).toEqual([]);
    expect(asked).toHaveLength(3);
    expect(asked[0]).toContain("cannot be taken back");
    expect(await audited(store)).toEqual(["discard consumer mailer by mcp: done"]);
    await client.close();
  });

  test("need a second call with the plan's confirmation where the client cannot ask, and no other will do", async ({ open, schema }) => {
    const store = await open();
    await withLetter(store);
    const client = await connected(await mcpHandler(store, { schema, role: "admin" }), "legacy");
    const { outcome } = await change(client, "pause_follower", mailer);
    expect([outcome.made, (await store.consumers.get("mailer")).paused]).toEqual([false, false]);
    const { confirmation } = outcome;
    for (const [name, given] of [
      ["pause_follower", { ...mailer, confirmation: "v1.forged.token" }],
      ["pause_follower", { ...mailer, confirmation, reason: "another plan" }],
      ["resume_follower", { ...mailer, confirmation }],
      ["pause_follower", { kind: "consumer", name: "none" }],
    ] as const)
      expect([given, (await change(client, name, given)).isError]).toEqual([given, true]);
    expect([(await store.consumers.get("mailer")).paused, await audited(store)]).toEqual([false, []]);
    expect((await change(client, "pause_follower", { ...mailer, confirmation })).outcome).toMatchObject({ made: true });
    expect((await store.consumers.get("mailer")).paused).toBe(true);
    expect(await audited(store)).toEqual(["pause consumer mailer by mcp: done"]);
    await client.close();
  });

  test("are told as made where the audit could not be completed, with that", async ({ open, schema }) => {
    const store = await open();
    await withLetter(store);
    const audit = new Proxy(store.audit, {
      get: (target, name) => (name === "settle" ? () => Promise.reject(new Error("no audit today")) : Reflect.get(target, name).bind(target)),
    });
    const unsettling = new Proxy(store, {
      get(target, name) {
        const value: unknown = name === "audit" ? audit : Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const client = await connected(await mcpHandler(unsettling, { schema, role: "admin" }), "legacy");
    const { confirmation } = (await change(client, "pause_follower", mailer)).outcome;
    const { outcome, isError } = await change(client, "pause_follower", { ...mailer, confirmation });
    expect([isError, outcome]).toMatchObject([false, { made: true, next: expect.stringContaining("the audit could not be completed") }]);
    expect(await audited(store)).toEqual(["pause consumer mailer by mcp: begun"]);
    await client.close();
  });
});
