import { isRecord } from "../arguments/options.ts";
import type { KafkaCluster, KafkaOutcome, KafkaProducer, KafkaRecord } from "./kafka-producer.ts";
import { kafkaRefusal } from "./kafka-refusals.ts";
import { importPeer } from "./peer.ts";

/** As much of @confluentinc/kafka-javascript as publishing needs. */
interface Client {
  readonly Kafka: new (options: object) => { producer(options: object): ConfluentClient };
}

interface ConfluentClient {
  connect(): Promise<void>;
  send(options: object): Promise<unknown>;
  disconnect(): Promise<void>;
}

const name = "@confluentinc/kafka-javascript";
const purpose = "Publishing to Kafka with it";
const settings = {
  // How long it tries a message again by itself. Without a broker it is known to be away after that.
  "message.timeout.ms": 10_000,
  "retry.backoff.ms": 100,
  "reconnect.backoff.max.ms": 1_000,
  // How long it believes that a topic may yet appear. Below the time of a message, which would not be told of its topic otherwise.
  "topic.metadata.propagation.max.ms": 2_000,
  // Whole batches are given to it, so it need not wait for more.
  "linger.ms": 0,
  // The broker says what is too large, not this client. It takes no more at once than it would otherwise.
  "message.max.bytes": 100_000_000,
  "batch.size": 1_000_000,
} as const;
const acknowledged: KafkaOutcome = { kind: "acknowledged" };
/** librdkafka's own: the cluster has no such topic, or not this partition of it. */
const unknownTopics: ReadonlySet<unknown> = new Set([-188, -190]);

/** @throws {@link MissingDependencyError} */
export async function openConfluentProducer(cluster: KafkaCluster): Promise<KafkaProducer> {
  const { Kafka } = await importPeer(name, purpose, ({ KafkaJS }) => (isClient(KafkaJS) ? KafkaJS : undefined));
  const { brokers, clientId, tls, sasl, createTopics, clientOptions } = cluster;
  const log = new ErrorLog();
  const producer = new Kafka({}).producer({
    ...settings,
    ...clientOptions,
    kafkaJS: { logger: log },
    "client.id": clientId,
    "bootstrap.servers": brokers.join(","),
    "security.protocol": sasl ? (tls ? "sasl_ssl" : "sasl_plaintext") : tls ? "ssl" : "plaintext",
    ...(tls?.ca !== undefined && { "ssl.ca.pem": tls.ca }),
    ...(tls?.cert !== undefined && { "ssl.certificate.pem": tls.cert }),
    ...(tls?.key !== undefined && { "ssl.key.pem": tls.key }),
    ...(sasl && { "sasl.mechanism": sasl.mechanism, "sasl.username": sasl.username, "sasl.password": sasl.password }),
    "allow.auto.create.topics": createTopics,
    "enable.idempotence": true,
    acks: -1,
    // Java's. The default one of librdkafka puts keys into other partitions.
    partitioner: "murmur2_random",
  });
  try {
    await producer.connect();
  } catch (error) {
    throw log.explained(error);
  }
  return new ConfluentProducer(producer);
}

function isClient(loaded: unknown): loaded is Client {
  return isRecord(loaded) && typeof loaded["Kafka"] === "function";
}

class ConfluentProducer implements KafkaProducer {
  readonly #client: ConfluentClient;

  constructor(client: ConfluentClient) {
    this.#client = client;
  }

  /** One call a record: a call with several tells of the first that failed alone. librdkafka makes batches of them. */
  async send(batch: readonly KafkaRecord[]): Promise<readonly KafkaOutcome[]> {
    return await Promise.all(batch.map((record) => this.#sendOne(record)));
  }

  async close(): Promise<void> {
    await this.#client.disconnect();
  }

  async #sendOne({ topic, key, value, headers }: KafkaRecord): Promise<KafkaOutcome> {
    try {
      await this.#client.send({ topic, messages: [{ key, value, headers }] });
      return acknowledged;
    } catch (error) {
      const code = isRecord(error) ? error["code"] : undefined;
      const reason = kafkaRefusal(unknownTopics.has(code) ? 3 : code, topic);
      return reason === undefined ? { kind: "failed", cause: error } : { kind: "refused", reason, cause: error };
    }
  }
}

/**
 * The sink tells of errors; what else a client has to say would fill the application's log. Why a connection was not made, such as a wrong password, librdkafka
 * tells its log alone, and rejects with "broker transport failure".
 */
class ErrorLog {
  #last: string | undefined;

  readonly setLogLevel = (): void => {};
  readonly debug = (): void => {};
  readonly info = (): void => {};
  readonly warn = (): void => {};
  readonly error = (text: unknown): void => {
    this.#last = String(text).replace(/^\[thrd:[^\]]*\]: /, "");
  };
  readonly namespace = (): object => this;

  explained(error: unknown): unknown {
    return this.#last === undefined ? error : new Error(this.#last, { cause: error });
  }
}
