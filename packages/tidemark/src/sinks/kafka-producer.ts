/** A message as a client of Kafka takes it. */
export interface KafkaRecord {
  readonly topic: string;
  readonly key: Buffer;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** What became of a record. */
export type KafkaOutcome =
  | { readonly kind: "acknowledged" }
  /** The broker says that it will never take the record, or the batch that it was in. */
  | { readonly kind: "refused"; readonly reason: string; readonly cause: unknown }
  | { readonly kind: "failed"; readonly cause: unknown };

/**
 * A connected, idempotent producer of either client. It is given one batch at a time, and tries it again by itself for a few seconds: as
 * often as it does, the broker stores each record once.
 */
export interface KafkaProducer {
  /** The outcome of each record, in the order of the batch. */
  send(batch: readonly KafkaRecord[]): Promise<readonly KafkaOutcome[]>;
  /** Ends the connections, and what it still tries. */
  close(): Promise<void>;
}

/** How to reach a cluster. */
export interface KafkaCluster {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly tls: KafkaTls | undefined;
  readonly sasl: KafkaSasl | undefined;
  /** Whether a topic is created that does not exist, if the broker does that. */
  readonly createTopics: boolean;
  /** Settings of the client's own. */
  readonly clientOptions: Readonly<Record<string, unknown>>;
}

/**
 * Option `tls` of `kafka`. All of it is PEM.
 *
 * @example
 * ```ts
 * const tls: KafkaTls = { ca: "-----BEGIN CERTIFICATE-----\n…" };
 * ```
 */
export interface KafkaTls {
  /** The authorities that may have signed the brokers' certificates. @defaultValue those of Node.js, or of librdkafka */
  readonly ca?: string;
  /** The certificate that shows who the client is. */
  readonly cert?: string;
  /** Its private key. */
  readonly key?: string;
}

/**
 * Option `sasl` of `kafka`.
 *
 * @example
 * ```ts
 * const sasl: KafkaSasl = { mechanism: "SCRAM-SHA-512", username: "tidemark", password: "from your secrets" };
 * ```
 */
export interface KafkaSasl {
  readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
  readonly username: string;
  readonly password: string;
}
