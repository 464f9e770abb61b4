import { isRecord } from "../arguments/options.ts";
import { isTidemarkError } from "../errors/errors.ts";
import type { KafkaProducer } from "./kafka-producer.ts";

/**
 * What a client of Kafka threw, as one plain error: its message, and those of the errors below it, which say the cause. Its objects hold
 * connections and options, and so credentials; nothing else of them is told, and a secret in a message is masked.
 */
export function kafkaClientError(thrown: unknown, secrets: readonly string[]): Error {
  if (thrown instanceof Error && isTidemarkError(thrown)) return thrown;
  let text = [...new Set(messagesIn(thrown, 4))].join(": ");
  for (const secret of secrets) text = text.replaceAll(secret, "[secret]");
  return new Error(text || "the client told no reason");
}

function messagesIn(thrown: unknown, depth: number): readonly string[] {
  if (!(thrown instanceof Error)) return typeof thrown === "string" ? [thrown] : [];
  const own = thrown.message.replace(/\.$/, "");
  const below: unknown = isRecord(thrown) ? thrown["errors"] : undefined;
  // Of several tries the last one tells how things stand.
  const inner: unknown = (Array.isArray(below) ? below.at(-1) : undefined) ?? thrown.cause;
  return depth === 0 ? [own] : [own, ...messagesIn(inner, depth - 1)].filter((text) => text !== "");
}

/** A producer whose errors are told as above. */
export async function openQuietly(open: () => Promise<KafkaProducer>, secrets: readonly string[]): Promise<KafkaProducer> {
  let producer: KafkaProducer;
  try {
    producer = await open();
  } catch (error) {
    throw kafkaClientError(error, secrets);
  }
  return {
    async send(batch) {
      const outcomes = await producer.send(batch);
      return outcomes.map((outcome) => (outcome.kind === "acknowledged" ? outcome : { ...outcome, cause: kafkaClientError(outcome.cause, secrets) }));
    },
    close: () => producer.close(),
  };
}
