import { hasRabbitmq, type Rabbitmq, startCuts, startRabbitmq } from "@tidemark/servers";
import type { OutgoingMessage, RelayDefinition } from "tidemark";
import { rabbitmq } from "tidemark/rabbitmq";
import { type ReceivedMessage, sinkContract } from "tidemark/testing";
import { afterAll, beforeAll, test as plain } from "vitest";
import { type Channel, type ChannelModel, connect } from "./amqp.ts";
import { append, describe, eventually, expect, inOrder, test } from "../relays/test.ts";

if (!hasRabbitmq) console.log("NOT TESTED: RabbitMQ is not installed (Debian: apt-get install rabbitmq-server).");

let broker: Rabbitmq;
let observer: { readonly model: ChannelModel; readonly channel: Channel };
let queues = 0;

beforeAll(async () => {
  if (hasRabbitmq) broker = await startRabbitmq();
}, 180_000);
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

function positionsOf(messages: readonly ReceivedMessage[]): number[] {
  return messages.map(({ headers }) => Number(headers["tidemark-position"]));
}

/** Of messages that may have come twice: by stream, the positions in the order of their first arrival. */
function firstArrivals(messages: readonly ReceivedMessage[]): Map<unknown, number[]> {
  const byStream = new Map<unknown, number[]>();
  const seen = new Set<string>();
  for (const { id, body, headers } of messages) {
    if (seen.has(id)) continue;
    seen.add(id);
    const { subject } = JSON.parse(Buffer.from(body).toString());
    byStream.set(subject, [...(byStream.get(subject) ?? []), Number(headers["tidemark-position"])]);
  }
  return byStream;
}

function publishingTo(exchange: string, url: string = broker.url): Pick<RelayDefinition, "to"> {
  return { to: rabbitmq({ url, exchange }) };
}

const streams = Array.from({ length: 10 }, (_, n) => `cart-${n}`);
const patiently = { retry: { minDelayMs: 20, maxDelayMs: 200 } };

describe.runIf(hasRabbitmq)("RabbitMQ", () => {
  test("gets every event once, in order for each stream, with its properties", async ({ store, start }) => {
    const { exchange, queue } = await bound();
    await append(store, streams, 20);
    const { worker } = await start({ ...publishingTo(exchange), shards: 2 });
    await worker.caughtUp();
    const channel = await observe();
    const first = await channel.get(queue, { noAck: false });
    if (!first) throw new Error("the queue is empty");
    const event = await store.eventById(String(first.properties.messageId));
    expect(first.fields.routingKey).toBe("cart.ItemAdded");
    expect(first.properties).toMatchObject({
      type: "ItemAdded",
      contentType: "application/cloudevents+json; charset=utf-8",
      deliveryMode: 2,
      timestamp: Math.floor(Number(event?.recordedAt.getTime()) / 1_000),
    });
    channel.nack(first, false, true);
    const found = await drained(queue);
    const all = (await store.readAll().toArray()).map(({ position }) => position);
    expect(positionsOf(found).toSorted((a, b) => a - b)).toEqual(all);
  });

  test("is killed: nothing is lost, streams stay in order, and what comes twice was in flight", async ({ store, start }) => {
    const { exchange, queue } = await bound();
    const { worker, errors } = await start({ ...publishingTo(exchange), ...patiently, batchSize: 50 });
    const appended = append(store, streams, 40);
    await eventually(async () => expect((await (await observe()).checkQueue(queue)).messageCount).toBeGreaterThan(20));
    await broker.kill();
    await appended;
    await eventually(async () => expect((await store.relays.get("out")).state).toBe("retrying"));
    await broker.start();
    await worker.caughtUp();
    const found = await drained(queue);
    const all = (await store.readAll().toArray()).map(({ position }) => position);
    expect([...new Set(positionsOf(found))].toSorted((a, b) => a - b)).toEqual(all);
    // What was in flight when it was killed: one message of each stream.
    expect(found.length - all.length).toBeLessThanOrEqual(streams.length);
    for (const [, positions] of firstArrivals(found)) expect(inOrder(positions)).toBe(true);
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(["SINK_UNAVAILABLE"]));
  });

  test("loses a request, or an acknowledgement, with the connection: each message is there, one of each stream twice at most", async ({ store, start }) => {
    const { exchange, queue } = await bound();
    await using cuts = await startCuts(broker.port);
    const { worker } = await start({ ...publishingTo(exchange, `amqp://guest:guest@127.0.0.1:${cuts.port}`), ...patiently, batchSize: 50 });
    await append(store, streams, 1);
    await worker.caughtUp();
    for (const lose of ["requests", "answers"] as const) {
      let heard = 0;
      const cut = (): void => {
        if (++heard === 2)
          setImmediate(() => {
            cuts.lose = undefined;
            cuts.cut();
          });
      };
      cuts.lose = lose;
      if (lose === "requests") cuts.onRequest = cut;
      else cuts.onAnswer = cut;
      await append(store, streams, 10);
      await worker.caughtUp();
      cuts.onRequest = undefined;
      cuts.onAnswer = undefined;
      expect(heard).toBeGreaterThanOrEqual(2);
    }
    const found = await drained(queue);
    const all = (await store.readAll().toArray()).map(({ position }) => position);
    expect([...new Set(positionsOf(found))].toSorted((a, b) => a - b)).toEqual(all);
    expect(found.length - all.length).toBeLessThanOrEqual(2 * streams.length);
    for (const [, positions] of firstArrivals(found)) expect(inOrder(positions)).toBe(true);
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
