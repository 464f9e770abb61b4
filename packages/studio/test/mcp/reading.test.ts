import { causedBy, defineConsumer, defineProcess, timer } from "tidemark";
import { mcpHandler } from "@tidemark/studio/mcp";
import { drivers } from "../../../tidemark/test/contract/drivers.ts";
import { describe, eventually, expect } from "../../../tidemark/test/support/test.ts";
import { ask, connected, eras, textOf } from "./client.ts";

interface Events {
  readonly events: readonly { readonly id: string; readonly streamId: string; readonly version: number; readonly type: string; readonly data: string }[];
}

describe.each(drivers)("on $driver", ({ test }) => {
  test.for(eras)("a model of the %s protocol finds streams, and reads one, the log and an event", async (mode, { open, schema }) => {
    const store = await open();
    await store.appendToStream("order-1", [
      { type: "OrderPlaced", data: { total: 12 }, tags: ["vip"] },
      { type: "OrderPaid", data: {} },
    ]);
    await store.appendToStream("cart-1", [{ type: "CartOpened", data: {} }]);
    const client = await connected(await mcpHandler(store, { schema }), mode);
    expect((await ask(client, "search_streams", { prefix: "order" })).report).toMatchObject({ streams: [{ streamId: "order-1", version: 2 }], next: null });
    const { report: read } = await ask<Events>(client, "read_stream", { streamId: "order-1", fromVersion: 1, toVersion: 1 });
    expect(read.events).toMatchObject([{ type: "OrderPlaced", data: '{"total": 12}' }]);
    const types = async (given: Record<string, unknown>): Promise<string[]> =>
      (await ask<Events>(client, "read_log", given)).report.events.map(({ type }) => type);
    expect(await types({ direction: "backward", limit: 2 })).toEqual(["CartOpened", "OrderPaid"]);
    expect(await types({ types: ["OrderPaid", "CartOpened"], prefix: "c" })).toEqual(["CartOpened"]);
    expect(await types({ tags: ["vip"] })).toEqual(["OrderPlaced"]);
    const id = read.events[0]?.id;
    expect((await ask(client, "get_event", { id })).report).toMatchObject({ event: { id, version: 1 }, decoded: null, previous: null });
    await client.close();
  });

  test("a model asks why, how the store is and what it holds", async ({ open, schema }) => {
    const store = await open();
    await store.indexes.create("causation");
    await store.appendToStream("order-1", [{ type: "OrderPlaced", data: {} }]);
    const [placed] = await store.readStream("order-1").toArray();
    if (!placed) throw new Error("it is not there");
    await store.appendToStream("mail-1", [{ type: "MailSent", data: { to: "ada" }, metadata: causedBy(placed) }]);
    const client = await connected(await mcpHandler(store, { schema }), "auto");
    const { report } = await ask(client, "why", { id: placed.id });
    expect(report).toMatchObject({ event: { streamId: "order-1" }, causation: { kind: "tree", effects: [{ event: { streamId: "mail-1" } }] } });
    expect(report).not.toHaveProperty("event.data");
    expect((await ask(client, "health")).report).toMatchObject({ newest: { streamId: "mail-1" }, status: expect.any(String) });
    expect((await ask(client, "stats")).report).toMatchObject({ events: { count: expect.any(Number) } });
    expect((await ask(client, "doctor")).report).toMatchObject({ findings: expect.any(Array) });
    await client.close();
  });

  test("a model asks for the state at a version, which masks do not tell either", async ({ open, schema }) => {
    const store = await open();
    await store.appendToStream("count-1", [
      { type: "Added", data: { by: 2 } },
      { type: "Added", data: { by: 4_711_081_500 } },
    ]);
    const count = {
      initialState: () => ({ total: 0 }),
      evolve: ({ total }: { total: number }, event: { data: { by: number } }) => ({ total: total + event.data.by }),
    };
    const client = await connected(await mcpHandler(store, { schema, deciders: { count } }), "auto");
    expect((await ask(client, "state_at", { streamId: "count-1" })).report).toMatchObject({
      version: 2,
      state: { state: '{"total":4711081502}', before: '{"total":2}' },
    });
    expect((await ask(client, "state_at", { streamId: "count-1", version: 1 })).report).toMatchObject({ state: { state: '{"total":2}' } });
    await client.close();
    const masking = await connected(await mcpHandler(store, { schema, deciders: { count }, mask: () => ["data"] }), "auto");
    expect(textOf(await masking.callTool({ name: "state_at", arguments: { streamId: "count-1" } }))).not.toContain("4711081502");
    await masking.close();
  });

  test("a model sees who is late, dead letters, instances of processes and timers", async ({ open, schema }) => {
    const store = await open();
    const failing = defineConsumer({
      name: "mailer",
      handle: () => {
        throw new Error("no mail server");
      },
      retry: { attempts: 1 },
      filter: { types: ["OrderPlaced"] },
    });
    const checkout = defineProcess<{ placed: boolean }, { type: "OrderPlaced" | "PaymentTimedOut"; data: object }>({
      name: "checkout",
      handles: ["OrderPlaced", "PaymentTimedOut"],
      instanceId: ({ streamId }) => streamId,
      initialState: () => ({ placed: false }),
      evolve: () => ({ placed: true }),
      react: () => [timer("payment", { in: 900_000 }, { type: "PaymentTimedOut", data: {} })],
    });
    await store.schedule("order-1", { type: "Reminded", data: {} }, { key: "r-1", in: 900_000 });
    await store.appendToStream("order-1", [{ type: "OrderPlaced", data: {} }]);
    const worker = store.createWorker({ consumers: [failing], processes: [checkout] });
    await worker.start();
    const client = await connected(await mcpHandler(store, { schema }), "auto");
    await eventually(async () => {
      expect((await ask(client, "list_dead_letters", { consumer: "mailer" })).report).toMatchObject({
        letters: [{ state: "failed", error: { message: "no mail server" }, event: { streamId: "order-1" } }],
      });
      expect((await ask(client, "list_process_instances", { name: "checkout", status: "running" })).report).toMatchObject({
        instances: [{ id: "order-1", handled: 1 }],
      });
    });
    expect((await ask(client, "get_process_instance", { name: "checkout", id: "order-1" })).report).toMatchObject({
      state: '{"placed":true}',
      inputs: [{ event: { type: "OrderPlaced" } }],
      timers: [{ key: "payment" }],
    });
    expect((await ask(client, "list_timers")).report).toMatchObject({ timers: [{ key: "r-1", type: "Reminded", parked: false }] });
    expect((await ask(client, "list_followers", { kind: "consumer" })).report).toMatchObject({ followers: [{ name: "mailer", deadLetters: 1 }] });
    await worker.stop();
    await client.close();
  });

  test("what a mask names is not told by any tool", async ({ open, schema }) => {
    const store = await open();
    const canary = "canary-4711";
    await store.appendToStream("order-1", [{ type: "OrderPlaced", data: { email: canary, total: 1 }, metadata: { by: canary } }]);
    const [event] = await store.readStream("order-1").toArray();
    const client = await connected(await mcpHandler(store, { schema, mask: () => ["data.email", "metadata.by"] }), "auto");
    for (const [name, given] of [
      ["read_stream", { streamId: "order-1" }],
      ["read_log", {}],
      ["get_event", { id: event?.id }],
      ["why", { id: event?.id }],
    ] as const) {
      const told = textOf(await client.callTool({ name, arguments: given }));
      expect([name, told.includes("order-1"), told.includes(canary)]).toEqual([name, true, false]);
    }
    await client.close();
  });
});
