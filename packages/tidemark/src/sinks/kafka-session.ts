import { MessageRefusedError } from "../errors/relays.ts";
import type { KafkaOutcome, KafkaProducer, KafkaRecord } from "./kafka-producer.ts";
import type { Session } from "./reconnecting.ts";

/** Below the 1,048,588 bytes that a topic takes at once unless it is configured otherwise. A larger message goes alone. */
const mostBatchBytes = 900_000;
const mostBatchRecords = 2_000;
/** What a record takes beside its key, value and headers, generously. */
const recordOverhead = 96;

/** A message whose acknowledgement is waited for. */
interface Pending {
  readonly messageId: string;
  readonly record: KafkaRecord;
  readonly bytes: number;
  readonly signal: AbortSignal;
  readonly settle: (error?: Error) => void;
}

/**
 * One producer, and what it has to send.
 *
 * One batch is in flight, with all that gathered while the one before it was. So a client need keep no order, a number of records is
 * acknowledged with one answer, and the one message of an idle relay waits for nothing.
 */
export class KafkaSession implements Session {
  readonly #producer: KafkaProducer;
  readonly #pending = new Set<Pending>();
  readonly #heard = new WeakSet<AbortSignal>();
  #waiting: Pending[] = [];
  #draining = false;
  #lost = false;
  #idle: (() => void) | undefined;

  constructor(producer: KafkaProducer) {
    this.#producer = producer;
  }

  get usable(): boolean {
    return !this.#lost;
  }

  publish(messageId: string, record: KafkaRecord, signal: AbortSignal): Promise<void> {
    this.#dropWith(signal);
    return new Promise((resolve, reject) => {
      const pending: Pending = {
        messageId,
        record,
        bytes: bytesOf(record),
        signal,
        settle: (error) => {
          if (!this.#pending.delete(pending)) return;
          if (error) reject(error);
          else resolve();
          if (this.#pending.size === 0) this.#idle?.();
        },
      };
      this.#pending.add(pending);
      this.#waiting.push(pending);
      if (this.#draining) return;
      this.#draining = true;
      // What is published in the same turn goes into the same batch.
      setImmediate(() => void this.#drain());
    });
  }

  async close(): Promise<void> {
    if (this.#pending.size > 0)
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    if (this.#lost) return;
    this.#lost = true;
    await this.#closeProducer();
  }

  async #drain(): Promise<void> {
    try {
      while (this.#waiting.length > 0 && !this.#lost) await this.#send(this.#nextBatch());
    } catch (error) {
      this.#fail(asError(error));
    } finally {
      this.#draining = false;
    }
  }

  #nextBatch(): readonly Pending[] {
    let bytes = 0;
    const end = this.#waiting.findIndex((pending, at) => {
      bytes += pending.bytes;
      return at === mostBatchRecords || (at > 0 && bytes > mostBatchBytes);
    });
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : end);
  }

  async #send(batch: readonly Pending[]): Promise<void> {
    const outcomes = await this.#producer.send(batch.map(({ record }) => record));
    const failed: unknown[] = [];
    const refused: Pending[] = [];
    for (const [at, pending] of batch.entries()) {
      const outcome: KafkaOutcome | undefined = outcomes[at];
      if (outcome?.kind === "acknowledged") pending.settle();
      else if (outcome?.kind !== "refused") failed.push(outcome?.cause);
      else if (batch.length > 1) refused.push(pending);
      else pending.settle(new MessageRefusedError({ sink: "kafka", messageId: pending.messageId }, outcome.reason, { cause: outcome.cause }));
    }
    if (failed.length > 0) this.#fail(asError(failed[0]));
    // A broker refuses all of a batch for one of its records, or for its size. Which one shows as it is halved.
    const middle = Math.ceil(refused.length / 2);
    for (const half of [refused.slice(0, middle), refused.slice(middle)]) if (half.length > 0 && !this.#lost) await this.#send(half);
  }

  /** A producer that failed is not used again: it may yet send what it holds, and what it knows of the order is lost. */
  #fail(error: Error): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#waiting = [];
    for (const { settle } of this.#pending) settle(error);
    void this.#closeProducer();
  }

  async #closeProducer(): Promise<void> {
    try {
      await this.#producer.close();
    } catch {
      // It was closed already.
    }
  }

  /** Once nobody waits for a message any more, the connection cannot be trusted: it acknowledged nothing. */
  #dropWith(signal: AbortSignal): void {
    if (this.#heard.has(signal)) return;
    this.#heard.add(signal);
    const drop = (): void => {
      if ([...this.#pending].some((pending) => pending.signal === signal)) this.#fail(new Error("the message was given up"));
    };
    if (signal.aborted) queueMicrotask(drop);
    else signal.addEventListener("abort", drop, { once: true });
  }
}

function bytesOf({ key, value, headers }: KafkaRecord): number {
  let bytes = key.byteLength + value.byteLength + recordOverhead;
  for (const [name, text] of Object.entries(headers)) bytes += name.length + text.length + 4;
  return bytes;
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
