import { kafkaMissing, startKafka } from "@tidemark/servers";
import type { OutgoingMessage } from "tidemark";
import { kafka } from "tidemark/kafka";
import type { BrokerSubject, MissingBroker } from "./brokers.ts";

const packages = { platformatic: "@platformatic/kafka", confluent: "@confluentinc/kafka-javascript" } as const;
type ClientName = keyof typeof packages;

/** A producer of one client as it is, with what the sink asks of it: idempotent, acknowledged by all replicas. */
interface BareProducer {
  send(topic: string, message: OutgoingMessage): Promise<unknown>;
  close(): Promise<void>;
}

let topics = 0;

/** Kafka by each of its clients, or why it is not there. One Kafka serves both. */
export async function kafkaSubjects(): Promise<{ readonly started: readonly BrokerSubject[]; readonly missing: readonly MissingBroker[] }> {
  const named = (client: ClientName): string => `Kafka, ${client}`;
  const clients: readonly ClientName[] = ["platformatic", "confluent"];
  const absent = await kafkaMissing();
  if (absent !== undefined) return { started: [], missing: clients.map((client) => ({ name: named(client), why: absent })) };
  const missing: MissingBroker[] = [];
  const present: ClientName[] = [];
  for (const client of clients) {
    const found = await import(packages[client]).then(
      () => true,
      () => false,
    );
    if (found) present.push(client);
    else missing.push({ name: named(client), why: `${packages[client]} is not installed` });
  }
  if (present.length === 0) return { started: [], missing };
  const broker = await startKafka();
  const started = present.map((client): BrokerSubject => ({
    name: named(client),
    broker,
    async open() {
      const topic = `bench-${++topics}`;
      const sink = kafka({ brokers: [broker.address], client, topic, createTopics: true });
      const producer = await open[client](broker.address);
      return {
        sink,
        publish: (message) => producer.send(topic, message),
        async [Symbol.asyncDispose]() {
          await sink.close();
          await producer.close();
        },
      };
    },
  }));
  return { started, missing };
}

const open: Readonly<Record<ClientName, (address: string) => Promise<BareProducer>>> = {
  async platformatic(address) {
    interface Producer {
      send(options: object): Promise<unknown>;
      close(force: boolean): Promise<void>;
    }
    const { Producer: Client }: { readonly Producer: new (options: object) => Producer } = await import(packages.platformatic);
    const producer = new Client({ clientId: "bench", bootstrapBrokers: [address], autocreateTopics: true, idempotent: true, acks: -1 });
    return {
      send: (topic, { key, body, headers }) => {
        const bytes = new Map(Object.entries(headers).map(([name, value]) => [Buffer.from(name), Buffer.from(value)]));
        return producer.send({ messages: [{ topic, key: Buffer.from(key), value: Buffer.from(body), headers: bytes }], idempotent: true });
      },
      close: () => producer.close(true),
    };
  },
  async confluent(address) {
    interface Producer {
      connect(): Promise<void>;
      send(options: object): Promise<unknown>;
      disconnect(): Promise<void>;
    }
    const { KafkaJS }: { readonly KafkaJS: { readonly Kafka: new (options: object) => { producer(options: object): Producer } } } = await import(
      packages.confluent
    );
    const producer = new KafkaJS.Kafka({}).producer({
      kafkaJS: { logger: silence },
      "bootstrap.servers": address,
      "allow.auto.create.topics": true,
      "enable.idempotence": true,
      "linger.ms": 0,
      acks: -1,
    });
    await producer.connect();
    return {
      send: (topic, { key, body, headers }) => producer.send({ topic, messages: [{ key: Buffer.from(key), value: Buffer.from(body), headers }] }),
      close: () => producer.disconnect(),
    };
  },
};

/** librdkafka's client tells of each connection otherwise, between the results. */
const silence = { setLogLevel() {}, debug() {}, info() {}, warn() {}, error() {}, namespace: (): object => silence };
