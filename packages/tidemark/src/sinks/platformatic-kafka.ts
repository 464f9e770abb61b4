import { isRecord } from "../arguments/options.ts";
import type { KafkaCluster, KafkaOutcome, KafkaProducer, KafkaRecord } from "./kafka-producer.ts";
import { kafkaRefusal } from "./kafka-refusals.ts";
import { importPeer } from "./peer.ts";

/** As much of @platformatic/kafka as publishing needs. */
interface Client {
  readonly Producer: new (options: object) => PlatformaticClient;
  /** Java's partitioner: a key goes to the same partition as from any other client. The default one of this client differs for half of the keys. */
  readonly compatibilityPartitioner: (message: undefined, key: Buffer) => number;
}

interface PlatformaticClient {
  metadata(options: object): Promise<{ readonly topics: ReadonlyMap<string, { readonly partitionsCount: number } | undefined> }>;
  send(options: object): Promise<unknown>;
  close(force: boolean): Promise<void>;
}

const name = "@platformatic/kafka";
const purpose = "Publishing to Kafka with it";
/** With the broker's own timeout of 5 s for replicas, a broker that is away is known after some seconds. */
const attempts = { retries: 3, retryDelay: 250, connectTimeout: 5_000, timeout: 5_000, requestTimeout: 10_000 } as const;
const acknowledged: KafkaOutcome = { kind: "acknowledged" };
const duplicateSequence = 46;

/** @throws {@link MissingDependencyError} */
export async function openPlatformaticProducer(cluster: KafkaCluster): Promise<KafkaProducer> {
  const client = await importPeer(name, purpose, (loaded) => (isClient(loaded) ? loaded : undefined));
  const { brokers, clientId, tls, sasl, createTopics, clientOptions } = cluster;
  const producer = new client.Producer({
    ...attempts,
    ...clientOptions,
    clientId,
    bootstrapBrokers: [...brokers],
    ...(tls && { tls }),
    ...(sasl && { sasl }),
    autocreateTopics: createTopics,
    idempotent: true,
    acks: -1,
  });
  return new PlatformaticProducer(producer, client.compatibilityPartitioner);
}

function isClient(loaded: unknown): loaded is Client {
  return isRecord(loaded) && typeof loaded["Producer"] === "function" && typeof loaded["compatibilityPartitioner"] === "function";
}

class PlatformaticProducer implements KafkaProducer {
  readonly #client: PlatformaticClient;
  readonly #hash: Client["compatibilityPartitioner"];

  constructor(client: PlatformaticClient, hash: Client["compatibilityPartitioner"]) {
    this.#client = client;
    this.#hash = hash;
  }

  async send(batch: readonly KafkaRecord[]): Promise<readonly KafkaOutcome[]> {
    const topics = new Map(await Promise.all([...new Set(batch.map(({ topic }) => topic))].map(async (topic) => [topic, await this.#lookUp(topic)] as const)));
    const sent = new Map<KafkaRecord, number>();
    const outcomes = new Map<KafkaRecord, KafkaOutcome>();
    for (const record of batch) {
      const topic = topics.get(record.topic);
      if (typeof topic === "number") sent.set(record, this.#hash(undefined, record.key) % topic);
      else if (topic) outcomes.set(record, topic);
    }
    const outcomeOf = await this.#sendTo(sent);
    return batch.map((record) => outcomes.get(record) ?? outcomeOf(record, sent.get(record) ?? 0));
  }

  async close(): Promise<void> {
    await this.#client.close(true);
  }

  /** How many partitions a topic has, or why nothing can be sent to it. The client keeps the answer for some seconds. */
  async #lookUp(topic: string): Promise<number | KafkaOutcome> {
    try {
      const { topics } = await this.#client.metadata({ topics: [topic] });
      const count = topics.get(topic)?.partitionsCount;
      return count === undefined || count === 0 ? { kind: "failed", cause: new Error(`the broker does not tell the partitions of topic ${topic}`) } : count;
    } catch (error) {
      const unknown = messageOf(error) === `Unknown topic ${topic}.` ? kafkaRefusal(3, topic) : undefined;
      const reason = unknown ?? protocolErrors(error).flatMap(({ apiCode }) => kafkaRefusal(apiCode, topic) ?? [])[0];
      return reason === undefined ? { kind: "failed", cause: error } : { kind: "refused", reason, cause: error };
    }
  }

  async #sendTo(records: ReadonlyMap<KafkaRecord, number>): Promise<(record: KafkaRecord, partition: number) => KafkaOutcome> {
    if (records.size === 0) return () => acknowledged;
    const messages = [...records].map(([{ topic, key, value, headers }, partition]) => ({ topic, partition, key, value, headers: bytesOf(headers) }));
    try {
      // Said of each batch too: then the client begins with a new producer id after an error, as its counts may be wrong.
      await this.#client.send({ messages, idempotent: true });
      return () => acknowledged;
    } catch (error) {
      // One batch goes to several partitions, each of which takes all of its part or nothing.
      const codes = partitionCodes(error);
      return ({ topic }, partition) => {
        const told = codes.get(`${topic}:${partition}`) ?? [];
        if (told.some((code) => code === 0 || code === duplicateSequence)) return acknowledged;
        const reason = kafkaRefusal(told.at(-1), topic);
        return reason === undefined ? { kind: "failed", cause: error } : { kind: "refused", reason, cause: error };
      };
    }
  }
}

function bytesOf(headers: Readonly<Record<string, string>>): ReadonlyMap<Buffer, Buffer> {
  return new Map(Object.entries(headers).map(([key, value]) => [Buffer.from(key), Buffer.from(value)]));
}

/** What brokers said of each partition, `topic:partition`, in the order of the tries. */
function partitionCodes(error: unknown): ReadonlyMap<string, readonly number[]> {
  const codes = new Map<string, number[]>();
  const tell = (topic: unknown, partition: unknown, code: unknown): void => {
    const key = `${String(topic)}:${String(partition)}`;
    if (typeof code === "number") codes.set(key, [...(codes.get(key) ?? []), code]);
  };
  for (const one of flattened(error)) {
    const { response, produced } = one;
    for (const { name: topic, partitionResponses } of recordsIn(response, "responses"))
      for (const { index, errorCode } of recordsOf(partitionResponses)) tell(topic, index, errorCode);
    // Of several brokers, those that took their part.
    for (const { topic, partition } of recordsIn(produced, "offsets")) tell(topic, partition, 0);
  }
  return codes;
}

function protocolErrors(error: unknown): readonly Readonly<Record<string, unknown>>[] {
  return flattened(error).filter(({ apiCode }) => apiCode !== undefined);
}

/** An error and those that it is made of. */
function flattened(error: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (!isRecord(error)) return [];
  return [error, ...recordsOf(error["errors"]).flatMap(flattened)];
}

function recordsIn(value: unknown, key: string): readonly Readonly<Record<string, unknown>>[] {
  return isRecord(value) ? recordsOf(value[key]) : [];
}

function recordsOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function messageOf(error: unknown): string | undefined {
  return error instanceof Error ? error.message : undefined;
}
