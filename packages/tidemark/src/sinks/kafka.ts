import { checkBoolean, checkFunction, listOf, oneOf } from "../arguments/checks.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { checkOptions, isRecord } from "../arguments/options.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { MessageRefusedError } from "../errors/relays.ts";
import type { RecordedEvent } from "../model/event.ts";
import type { OutgoingMessage, Sink } from "../relays/sink.ts";
import { openConfluentProducer } from "./confluent-kafka.ts";
import { openQuietly } from "./kafka-client-error.ts";
import type { KafkaCluster, KafkaSasl, KafkaTls } from "./kafka-producer.ts";
import { KafkaSession } from "./kafka-session.ts";
import { openPlatformaticProducer } from "./platformatic-kafka.ts";
import { Reconnecting } from "./reconnecting.ts";

export type { KafkaSasl, KafkaTls } from "./kafka-producer.ts";

/**
 * Options of `kafka`.
 *
 * @example
 * ```ts
 * const options: KafkaOptions = { brokers: ["127.0.0.1:9092"], topic: (event) => `shop.${event.category}` };
 * ```
 */
export interface KafkaOptions {
  /** Brokers to ask for the others: `"host:port"`. */
  readonly brokers: readonly string[];
  /** The topic to publish to. */
  readonly topic: string | ((event: RecordedEvent) => string);
  /**
   * The package that speaks to Kafka: `@platformatic/kafka`, which is JavaScript alone, or `@confluentinc/kafka-javascript`, which is
   * librdkafka. Both put a key into the partition that Java's clients put it into. @defaultValue "platformatic"
   */
  readonly client?: "platformatic" | "confluent";
  /** What brokers call this client in their logs and quotas. @defaultValue "tidemark" */
  readonly clientId?: string;
  /** Encrypts. `true`: with the authorities that the client knows. @defaultValue false */
  readonly tls?: boolean | KafkaTls;
  /** Who the client is. Use it with `tls`. */
  readonly sasl?: KafkaSasl;
  /** Whether to create a topic that does not exist, where the broker allows that. If not, its messages are refused. @defaultValue false */
  readonly createTopics?: boolean;
  /**
   * Settings of the package's own, such as its compression or timeouts: options of `Producer` of `@platformatic/kafka`, or of librdkafka. Those that
   * order and safety rest on stay as they are.
   */
  readonly clientOptions?: Readonly<Record<string, unknown>>;
}

const name = "kafka";
const clients = { platformatic: openPlatformaticProducer, confluent: openConfluentProducer } as const;

const shape = {
  brokers: listOf(checkBroker, "name a broker"),
  topic: (value: unknown, path: string) => (typeof value === "string" ? checkText(value, path) : checkFunction<(event: RecordedEvent) => string>(value, path)),
  client: oneOf("platformatic", "confluent"),
  clientId: checkText,
  tls: checkTls,
  sasl: checkSasl,
  createTopics: checkBoolean,
  clientOptions: checkClientOptions,
};

/**
 * Returns a sink that publishes to Kafka with an idempotent producer: a message is acknowledged once all in-sync replicas of its partition have
 * it. It needs the package `@platformatic/kafka`, 2.12 or later, or `@confluentinc/kafka-javascript`, 1.10 or later: see `client`.
 *
 * A record's key is the message's key, by default the stream, so that the events of a stream stay in order in one partition. Its headers are
 * those of the message, and `content-type`. Its timestamp is the time of publishing, since old events would be deleted by the retention of
 * their topic at once.
 *
 * A message is refused if its topic does not exist or may not be written to, or if it is larger than the topic allows. A partition whose leader is
 * lost, or whose replicas are too few (`min.insync.replicas`), holds up the relay until it is back. After a connection was lost the producer tries
 * again under the same sequence number, so the broker stores a message once; one is stored twice only if the producer had to give up.
 *
 * @throws {@link InvalidArgumentError} — an option is invalid.
 * @throws {@link MissingDependencyError} — at the first message: the package is not installed. The relay tells of it, and holds.
 *
 * @example
 * ```ts
 * const out = defineRelay({ name: "shop-out", to: kafka({ brokers: ["127.0.0.1:9092"], topic: (event) => `shop.${event.category}` }) });
 * ```
 */
export function kafka(options: KafkaOptions): Sink {
  const checked = checkOptions(options, shape);
  const { brokers, topic, client = "platformatic", clientId = "tidemark", tls, sasl, createTopics = false, clientOptions = {} } = checked;
  if (brokers === undefined) throw new InvalidArgumentError("options.brokers", "is missing");
  if (topic === undefined) throw new InvalidArgumentError("options.topic", "is missing: the topic to publish to");
  const cluster: KafkaCluster = { brokers, clientId, tls: tls === true ? {} : tls || undefined, sasl, createTopics, clientOptions };
  const secrets = [sasl?.password, cluster.tls?.key].filter((secret) => secret !== undefined);
  const connection = new Reconnecting(async () => new KafkaSession(await openQuietly(() => clients[client](cluster), secrets)));
  return {
    name,
    async publish(message, { signal }) {
      const record = {
        topic: topicOf(topic, message),
        key: Buffer.from(message.key),
        value: asBuffer(message.body),
        headers: { ...message.headers, "content-type": message.contentType },
      };
      const session = await connection.get();
      await session.publish(message.id, record, signal);
    },
    close: () => connection.close(),
  };
}

function topicOf(given: string | ((event: RecordedEvent) => string), { event, id }: OutgoingMessage): string {
  const topic: unknown = typeof given === "string" ? given : given(event);
  if (typeof topic === "string" && topic !== "") return topic;
  throw new MessageRefusedError({ sink: name, messageId: id }, `its topic is ${describeValue(topic)}, not the name of one`);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function checkText(value: unknown, path: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new InvalidArgumentError(path, `must be a string that is not empty, not ${describeValue(value)}`);
}

/** It may hold a password by mistake, so no message shows it. */
function checkBroker(value: unknown, path: string): string {
  if (typeof value === "string" && /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):\d{1,5}$/.test(value)) return value;
  throw new InvalidArgumentError(path, `must be host:port${typeof value === "string" ? "" : `, not ${describeValue(value)}`}`);
}

function checkTls(value: unknown, path: string): boolean | KafkaTls {
  if (typeof value === "boolean") return value;
  return checkOptions(value, { ca: checkPem, cert: checkPem, key: checkPem }, path);
}

function checkPem(value: unknown, path: string): string {
  if (typeof value === "string" && value.includes("-----BEGIN ")) return value;
  throw new InvalidArgumentError(path, `must be PEM, with -----BEGIN in it${typeof value === "string" ? "" : `, not ${describeValue(value)}`}`);
}

function checkSasl(value: unknown, path: string): KafkaSasl {
  const secret = (given: unknown, at: string): string => {
    if (typeof given === "string" && given !== "") return given;
    throw new InvalidArgumentError(at, "must be a string that is not empty");
  };
  const shapeOfSasl = { mechanism: oneOf("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"), username: secret, password: secret };
  const { mechanism, username, password } = checkOptions(value, shapeOfSasl, path);
  if (mechanism === undefined || username === undefined || password === undefined)
    throw new InvalidArgumentError(path, "must have mechanism, username and password");
  return { mechanism, username, password };
}

function checkClientOptions(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (isRecord(value)) return { ...value };
  throw new InvalidArgumentError(path, `must be an object, not ${describeValue(value)}`);
}
