import { hasRabbitmq, type Rabbitmq, startRabbitmq } from "@tidemark/servers";
import type { OutgoingMessage, RelayDefinition } from "tidemark";
import { rabbitmq } from "tidemark/rabbitmq";
import { type ReceivedMessage, sinkContract } from "tidemark/testing";
import { afterAll, beforeAll, test as plain } from "vitest";
import { type Channel, type ChannelModel, connect } from "./amqp.ts";
import { append, describe, eventually, expect, test } from "../relays/test.ts";
import { patiently, positionsOf, relayToBroker } from "./relay-to-broker.ts";

if (!hasRabbitmq) console.log("NOT TESTED: RabbitMQ is not installed (Debian: apt-get install rabbitmq-server).");

let broker: Rabbitmq;
let observer: { readonly model: ChannelModel; readonly channel: Channel };
let queues = 0;

beforeAll(async () => {
  if (hasRabbitmq) broker = await startRabbitmq();
});
afterAll(async () => {
  await observer?.model.close().catch(() => {});
  await broker?.[Symbol.asyncDispose]();
});

/** A connection of the test's own, new after each start of the broker. */
async function observe(): Promise<Channel> {
  const known = observer?.channel;
  if (
    known &&
    (await known.checkExchange("amq.topic").then(
      () => true,
      () => false,
    ))
  )
    return known;
  const model = await connect(broker.url);
  model.on("error", () => {});
  const channel = await model.createChannel();
  channel.on("error", () => {});
  observer = { model, channel };
  return channel;
}

/** A durable queue behind a topic exchange of its own. */
async function bound(args: object = {}): Promise<{ readonly exchange: string; readonly queue: string }> {
  const channel = await observe();
  const name = `tidemark-${process.pid}-${++queues}`;
  await channel.assertExchange(name, "topic", { durable: true });
  await channel.assertQueue(name, { durable: true, arguments: args });
  await channel.bindQueue(name, name, "#");
  return { exchange: name, queue: name };
}

/** Takes everything out of a queue, in its order. */
async function drained(queue: string): Promise<ReceivedMessage[]> {
  const channel = await observe();
  const all: ReceivedMessage[] = [];
  for (;;) {
    const message = await channel.get(queue, { noAck: true });
    if (!message) return all;
    const headers = Object.fromEntries(Object.entries(message.properties.headers ?? {}).map(([name, value]) => [name, String(value)]));
    all.push({ id: String(message.properties.messageId), body: message.content, headers });
  }
}

function publishingTo(exchange: string, url: string = broker.url): Pick<RelayDefinition, "to"> {
  return { to: rabbitmq({ url, exchange }) };
}

describe.runIf(hasRabbitmq)("RabbitMQ", () => {
  relayToBroker({
    broker: () => broker,
    async open() {
      const { exchange, queue } = await bound();
      return {
        to: (port) => rabbitmq({ url: `amqp://guest:guest@127.0.0.1:${port}`, exchange }),
        count: async () => (await (await observe()).checkQueue(queue)).messageCount,
        received: () => drained(queue),
      };
    },
    duplicates: true,
  });

  test("gets messages with their properties", async ({ store, start }) => {
    const { exchange, queue } = await bound();
    await append(store, ["cart-1"]);
    const { worker } = await start(publishingTo(exchange));
    await worker.caughtUp();
    const channel = await observe();
    const first = await channel.get(queue, { noAck: true });
    if (!first) throw new Error("the queue is empty");
    const event = await store.eventById(String(first.properties.messageId));
    expect(first.fields.routingKey).toBe("cart.ItemAdded");
    expect(first.properties).toMatchObject({
      type: "ItemAdded",
      contentType: "application/cloudevents+json; charset=utf-8",
      deliveryMode: 2,
      timestamp: Math.floor(Number(event?.recordedAt.getTime()) / 1_000),
    });
  });

  test("refuses what no queue is bound for, and what goes to an exchange that is not there; others go on", async ({ store, start }) => {
    const { exchange, queue } = await bound();
    await (await observe()).unbindQueue(queue, exchange, "#");
    await (await observe()).bindQueue(queue, exchange, "cart.#");
    await append(store, ["cart-1", "order-1", "stock-1", "cart-2"], 2);
    const to = rabbitmq({ url: broker.url, exchange: ({ category }) => (category === "stock" ? "nowhere" : exchange) });
    const { worker } = await start({ to, ...patiently });
    await worker.caughtUp();
    const letters = await store.deadLetters.list({ kind: "relay" });
    expect(letters.map(({ event, state, error }) => [event.streamId, state, error?.message.replace(/^.*?: /, "")])).toEqual([
      ["order-1", "failed", "no queue is bound for it (NO_ROUTE)."],
      ["stock-1", "failed", 'there is no exchange "nowhere".'],
      ["order-1", "parked", undefined],
      ["stock-1", "parked", undefined],
    ]);
    expect(new Set(positionsOf(await drained(queue))).size).toBe(4);
  });

  test("holds the relay while a queue is full that rejects messages", async ({ store, start }) => {
    const { exchange, queue } = await bound({ "x-max-length": 3, "x-overflow": "reject-publish" });
    await append(store, ["cart-1"], 6);
    const { worker } = await start({ ...publishingTo(exchange), ...patiently });
    await eventually(async () => expect((await store.relays.get("out")).shards[0]?.lastError?.message).toContain("a queue is full"));
    const found: ReceivedMessage[] = [];
    const all = await store.readAll().toArray();
    await eventually(async () => {
      found.push(...(await drained(queue)));
      expect(found).toHaveLength(all.length);
    });
    await worker.caughtUp();
    expect(positionsOf(found)).toEqual(all.map(({ position }) => position));
    expect(await store.deadLetters.list()).toEqual([]);
  });
});

describe.runIf(hasRabbitmq)("a RabbitMQ sink keeps the contract of sinks", () => {
  let target: { readonly exchange: string; readonly queue: string };
  let taken: ReceivedMessage[];
  const unacceptable = new WeakSet<object>();
  for (const type of ["classic", "quorum"])
    describe(`with a ${type} queue`, () => {
      sinkContract({
        test: plain,
        async open() {
          target = await bound({ "x-queue-type": type });
          taken = [];
          return rabbitmq({ url: broker.url, exchange: (event) => (unacceptable.has(event) ? "nowhere" : target.exchange) });
        },
        async received() {
          taken.push(...(await drained(target.queue)));
          return taken;
        },
        unacceptable(message: OutgoingMessage) {
          unacceptable.add(message.event);
          return message;
        },
        // The only node of a quorum queue that was killed nacks for longer than a test waits (RabbitMQ 3.10). A relay holds meanwhile.
        ...(type === "classic" && { restart: { kill: () => broker.kill(), start: () => broker.start() } }),
      });
    });
});

describe("rabbitmq", () => {
  const mistakes: readonly (readonly [string, object, string])[] = [
    ["no address", { exchange: "" }, "options.url is missing"],
    ["no exchange", { url: "amqp://x" }, "options.exchange is missing"],
    ["an address of another kind", { url: "http://x", exchange: "" }, "options.url must begin with amqp:// or amqps://"],
    ["an option that it does not know", { url: "amqp://x", exchange: "", routingkey: "a" }, 'did you mean "routingKey"?'],
  ];
  for (const [what, options, message] of mistakes)
    plain(`refuses ${what}`, () => {
      expect(() => Reflect.apply(rabbitmq, undefined, [options])).toThrow(message);
    });
});
