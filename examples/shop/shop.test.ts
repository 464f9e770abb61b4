import { hasRabbitmq, type Rabbitmq, startRabbitmq } from "@tidemark/servers";
import { describe, eventually, expect, test as base } from "../../packages/tidemark/test/support/test.ts";
import { openShop, type Shop } from "./shop.ts";

if (!hasRabbitmq) console.log("NOT TESTED: RabbitMQ is not installed (Debian: apt-get install rabbitmq-server).");

const test = base
  .extend("broker", { scope: "file" }, async ({}, { onCleanup }): Promise<Rabbitmq> => {
    const broker = await startRabbitmq();
    onCleanup(() => broker[Symbol.asyncDispose]());
    return broker;
  })
  .extend("shop", async ({ broker, schema, databaseUrl }, { onCleanup }): Promise<Shop> => {
    const shop = await openShop({ database: databaseUrl, schema, broker: broker.url, port: 0 });
    onCleanup(() => shop.close());
    return shop;
  });

async function post({ url }: Shop, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const text = body === undefined ? null : JSON.stringify(body);
  return await fetch(`${url}${path}`, { method: "POST", body: text, headers: { "content-type": "application/json", ...headers } });
}

const tea = { sku: "tea", cents: 450 };

describe.runIf(hasRabbitmq)("the shop", () => {
  test("confirms each placed order once, also one that was placed while the broker was dead", async ({ shop, broker }) => {
    const typesOf = async (order: string): Promise<string[]> => (await shop.store.readStream(`order-${order}`).toArray()).map(({ type }) => type);
    const order = async (id: string): Promise<void> => {
      expect((await post(shop, `/orders/${id}/items`, tea)).status).toBe(200);
      expect((await post(shop, `/orders/${id}/place`)).status).toBe(200);
    };
    const confirmed = ["ItemAdded", "OrderPlaced", "ConfirmationSent"];
    await order("1");
    await eventually(async () => expect(await typesOf("1")).toEqual(confirmed));
    await broker.kill();
    await order("2");
    expect(await (await fetch(`${shop.url}/orders/2`)).json()).toEqual({ skus: ["tea"], cents: 450, placed: true });
    expect(await typesOf("2")).toEqual(confirmed.slice(0, 2));
    await broker.start();
    await eventually(async () => expect(await typesOf("2")).toEqual(confirmed));
    // Both messages come again, and before a third one.
    await shop.store.relays.replay("placed-orders");
    await order("3");
    await eventually(async () => expect(await typesOf("3")).toEqual(confirmed));
    expect([await typesOf("1"), await typesOf("2")]).toEqual([confirmed, confirmed]);
  });

  test("takes a request once, refuses what it must, and says why", async ({ shop }) => {
    const once = { "idempotency-key": "one" };
    const first = await post(shop, "/orders/4/items", tea, once);
    const again = await post(shop, "/orders/4/items", tea, once);
    expect([first.headers.get("etag"), again.headers.get("etag")]).toEqual(['"1"', '"1"']);
    const refusals = [
      [await post(shop, "/orders/4/items", { sku: "" }), 422, "sku"],
      [await post(shop, "/orders/4/items", { sku: "x".repeat(10_000), cents: 1 }), 413, ""],
      [await post(shop, "/orders/5/place"), 409, "no item"],
      [await fetch(`${shop.url}/orders/7`), 404, "no such order"],
    ] as const;
    for (const [response, status, said] of refusals) {
      expect([response.status, response.headers.get("content-type")]).toEqual([status, "application/problem+json"]);
      expect(await response.text()).toContain(said);
    }
  });

  test("shows its page, and every event to who follows it", async ({ shop }) => {
    expect(await (await fetch(shop.url)).text()).toContain("Shop, live");
    const leave = new AbortController();
    const response = await fetch(`${shop.url}/events/log?offset=-1&live=sse`, { signal: leave.signal });
    await post(shop, "/orders/6/items", tea);
    let text = "";
    for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += part;
      if (text.includes("order-6")) break;
    }
    leave.abort();
    expect(text).toContain('{"type":"ItemAdded","streamId":"order-6","data":{"sku":"tea","cents":450}}');
  });
});
