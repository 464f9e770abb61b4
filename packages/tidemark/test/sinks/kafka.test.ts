import { inspect } from "node:util";
import { AclOperations, AclPermissionTypes, ResourcePatternTypes, ResourceTypes } from "@platformatic/kafka";
import { kafkaMissing, startKafka, type Kafka } from "@tidemark/servers";
import type { OutgoingMessage } from "tidemark";
import { kafka, type KafkaOptions } from "tidemark/kafka";
import { sinkContract } from "tidemark/testing";
import { afterAll, beforeAll, test as plain } from "vitest";
import { append, describe, eventually, expect, inOrder, test } from "../relays/test.ts";
import { KafkaTopics } from "./kafka-topics.ts";
import { firstArrivals, patiently, positionsOf, relayThroughOutages } from "./relay-to-broker.ts";

const missing = await kafkaMissing();
if (missing !== undefined) console.log(`NOT TESTED: Kafka: ${missing}.`);

const confluent: string = "@confluentinc/kafka-javascript";
const hasConfluent = await import(confluent).then(
  () => true,
  () => false,
);
if (!hasConfluent) console.log(`NOT TESTED: ${confluent} is not installed.`);
const clients = hasConfluent ? (["platformatic", "confluent"] as const) : (["platformatic"] as const);

let broker: Kafka;
let topics: KafkaTopics;

beforeAll(async () => {
  if (missing !== undefined) return;
  broker = await startKafka();
  topics = new KafkaTopics(broker.address);
});
afterAll(async () => {
  await broker?.[Symbol.asyncDispose]();
});

const streams = Array.from({ length: 10 }, (_, n) => `cart-${n}`);

for (const client of clients) {
  const to = (options: Partial<KafkaOptions> & Pick<KafkaOptions, "topic">): { readonly to: ReturnType<typeof kafka> } => ({
    to: kafka({ brokers: [broker.address], client, ...options }),
  });

  describe.runIf(missing === undefined)(`Kafka, by ${client}`, () => {
    test("gets every event once, a stream in one partition and in order, with its headers", async ({ store, start }) => {
      const topic = await topics.create();
      await append(store, streams, 20);
      const { worker } = await start({ ...to({ topic }), shards: 2 });
      await worker.caughtUp();
      const found = await topics.records(topic);
      const all = await store.readAll().toArray();
      expect(positionsOf(found).toSorted((a, b) => a - b)).toEqual(all.map(({ position }) => position));
      const event = all.find(({ id }) => id === found[0]?.id);
      expect(found[0]).toMatchObject({ key: event?.streamId, headers: { "content-type": "application/cloudevents+json; charset=utf-8" } });
      expect(new Set(found.map(({ partition }) => partition)).size).toBeGreaterThan(1);
      for (const streamId of streams) {
        const own = found.filter(({ key }) => key === streamId);
        expect(new Set(own.map(({ partition }) => partition)).size).toBe(1);
        expect(inOrder(positionsOf(own))).toBe(true);
      }
    });

    // Numbers of Java's DefaultPartitioner: Utils.toPositive(Utils.murmur2(key)) % 3.
    test("puts a key where Java's clients put it", async ({ store, start }) => {
      const topic = await topics.create();
      await append(store, streams, 1);
      const { worker } = await start(to({ topic }));
      await worker.caughtUp();
      const found = new Map((await topics.records(topic)).map(({ key, partition }) => [key, partition]));
      expect(streams.map((streamId) => found.get(streamId))).toEqual(partitionsOfJava);
    });

    relayThroughOutages({
      broker: () => broker,
      cuts: () => broker.cuts,
      async open() {
        const topic = await topics.create();
        return {
          to: (port) => kafka({ brokers: [`127.0.0.1:${port}`], client, topic }),
          count: () => topics.count(topic),
          received: () => topics.records(topic),
        };
      },
      duplicates: true,
      // The producer is idempotent: what it sends again, the broker has once.
      duplicatesWhenCut: false,
    });

    test("refuses what is too large, has no topic, or may not be written; others of the same batch go on", async ({ store, start }) => {
      const topic = await topics.create({ partitions: 1, configs: { "max.message.bytes": "4000" } });
      const denied = await topics.create();
      await topics.admin((admin) =>
        admin.createAcls({
          creations: [
            {
              resourceType: ResourceTypes.TOPIC,
              resourceName: denied,
              resourcePatternType: ResourcePatternTypes.LITERAL,
              principal: `User:${broker.secured.username}`,
              host: "*",
              operation: AclOperations.WRITE,
              permissionType: AclPermissionTypes.DENY,
            },
          ],
        }),
      );
      await append(store, ["large-1", "cart-1", "nowhere-1", "denied-1", "cart-2"], 2);
      const { address, authority, username, password } = broker.secured;
      const { worker } = await start({
        ...to({
          brokers: [address],
          tls: { ca: authority },
          sasl: { mechanism: "PLAIN", username, password },
          topic: ({ category }) => ({ nowhere: "tidemark-nowhere", denied })[category] ?? topic,
        }),
        ...patiently,
        map: (event) => ({ body: event.category === "large" ? "x".repeat(10_000) : "small" }),
      });
      await worker.caughtUp();
      const letters = await store.deadLetters.list({ kind: "relay" });
      const told = letters.map(({ event, state, error }) => [event.streamId, state, error?.message.replace(/^.*?: /, "")]);
      expect(told).toHaveLength(6);
      expect(told).toEqual(
        expect.arrayContaining([
          ["large-1", "failed", `it is larger than its topic or broker allows (max.message.bytes): topic "${topic}", error 10 of Kafka.`],
          ["nowhere-1", "failed", 'there is no such topic: topic "tidemark-nowhere", error 3 of Kafka.'],
          ["denied-1", "failed", `this client may not write to its topic: topic "${denied}", error 29 of Kafka.`],
          ["large-1", "parked", undefined],
          ["nowhere-1", "parked", undefined],
          ["denied-1", "parked", undefined],
        ]),
      );
      // Those of the same partition that the broker refused with the large one.
      expect((await topics.records(topic)).map(({ key }) => key).toSorted()).toEqual(["cart-1", "cart-1", "cart-2", "cart-2"]);
    });

    test("moves a partition to another leader when a broker is killed, and holds while a partition has too few replicas", async ({ store, start }) => {
      // A cluster of its own: until it is known to be gone, the second broker would be given partitions of other tests.
      await using first = await startKafka();
      await using second = await first.join();
      const both = new KafkaTopics(first.address);
      const topic = await both.createOnTwo(2, 1);
      const { worker } = await start({ ...to({ topic, brokers: [first.address] }), ...patiently, batchSize: 50 });
      const appended = append(store, streams, 40);
      await eventually(async () => expect(await both.count(topic, 1)).toBeGreaterThan(20));
      await second.kill();
      await appended;
      await worker.caughtUp();
      const all = await store.readAll().toArray();
      const found = await both.records(topic);
      expect([...new Set(positionsOf(found))].toSorted((a, b) => a - b)).toEqual(all.map(({ position }) => position));
      expect(found.length - all.length).toBeLessThanOrEqual(streams.length);
      for (const [, positions] of firstArrivals(found)) expect(inOrder(positions)).toBe(true);
      await worker.stop();

      await second.start();
      const strict = await both.createOnTwo(1, 2);
      await second.kill();
      const { worker: other } = await start({ ...to({ topic: strict, brokers: [first.address] }), name: "strict", ...patiently });
      await eventually(async () => expect((await store.relays.get("strict")).state).toBe("retrying"));
      await second.start();
      await other.caughtUp();
      expect(new Set((await both.records(strict)).map(({ id }) => id)).size).toBe(all.length);
      expect(await store.deadLetters.list()).toEqual([]);
    });

    test("creates a topic where that is asked for", async ({ store, start }) => {
      await append(store, ["cart-1"], 2);
      const topic = `tidemark-created-by-${client}`;
      const { worker } = await start({ ...to({ topic, createTopics: true }), ...patiently });
      await worker.caughtUp();
      expect(await topics.records(topic)).toHaveLength(2);
    });

    test("holds with a wrong password, and tells it to nobody", async ({ store, start }) => {
      const topic = await topics.create();
      const { address, authority, username } = broker.secured;
      const password = "not-the-right-one-7";
      await append(store, ["cart-1"], 1);
      const { errors } = await start({
        ...to({ topic, brokers: [address], tls: { ca: authority }, sasl: { mechanism: "PLAIN", username, password } }),
        ...patiently,
      });
      await eventually(() => expect(errors.map(({ code }) => code)).toEqual(["SINK_UNAVAILABLE"]));
      expect(errors[0]?.message).toContain("uthenticat");
      const relay = await store.relays.get("out");
      expect(inspect([errors, relay], { depth: 20, showHidden: true })).not.toContain(password);
    });
  });

  describe.runIf(missing === undefined)(`a Kafka sink, by ${client}, keeps the contract of sinks`, () => {
    let topic: string;
    const unacceptable = new WeakSet<object>();
    sinkContract({
      test: plain,
      async open() {
        topic = await topics.create();
        return kafka({ brokers: [broker.address], client, topic: (event) => (unacceptable.has(event) ? "tidemark-nowhere" : topic) });
      },
      received: () => topics.records(topic),
      unacceptable(message: OutgoingMessage) {
        unacceptable.add(message.event);
        return message;
      },
      restart: { kill: () => broker.kill(), start: () => broker.start() },
    });
  });
}

/** Of `cart-0` to `cart-9`. */
const partitionsOfJava = [0, 0, 1, 2, 2, 2, 0, 0, 2, 2];

describe("kafka", () => {
  const right = { brokers: ["127.0.0.1:9092"], topic: "shop" };
  const mistakes: readonly (readonly [string, object, string | RegExp])[] = [
    ["no brokers", { topic: "shop" }, "options.brokers is missing"],
    ["an empty list of brokers", { ...right, brokers: [] }, "options.brokers is empty"],
    ["a URL for a broker", { ...right, brokers: ["kafka://me:secret@x:9092"] }, /^options\.brokers\[0\] must be host:port$/],
    ["no topic", { brokers: ["x:9092"] }, "options.topic is missing"],
    ["a client that it does not know", { ...right, client: "kafkajs" }, 'options.client must be "platformatic" or "confluent"'],
    ["a mechanism that it does not know", { ...right, sasl: { mechanism: "plain", username: "a", password: "b" } }, 'options.sasl.mechanism must be "PLAIN"'],
    ["half of the credentials", { ...right, sasl: { mechanism: "PLAIN", username: "a" } }, "options.sasl must have mechanism, username and password"],
    ["a file for a certificate", { ...right, tls: { ca: "/etc/ca.pem" } }, "options.tls.ca must be PEM"],
    ["an option that it does not know", { ...right, topics: "a" }, 'did you mean "topic"?'],
  ];
  for (const [what, options, message] of mistakes)
    plain(`refuses ${what}`, () => {
      expect(() => Reflect.apply(kafka, undefined, [options])).toThrow(message);
    });
});
