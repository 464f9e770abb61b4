import { MessageRefusedError } from "../errors/relays.ts";
import type { OutgoingMessage } from "../relays/sink.ts";
import { type AmqpChannel, type AmqpConnection, connectAmqp } from "./amqplib.ts";
import { bufferOf } from "./buffer-of.ts";
import { InFlight } from "./in-flight.ts";
import type { Session } from "./reconnecting.ts";

const sink = "rabbitmq";
const connectTimeoutMs = 10_000;
/** After two of these without a sign of the broker a connection counts as lost. */
const heartbeatSeconds = 10;

interface Target {
  readonly exchange: string;
  readonly routingKey: string;
  readonly persistent: boolean;
  readonly mandatory: boolean;
}

/** A message whose confirmation is waited for. */
interface Pending {
  readonly message: OutgoingMessage;
  readonly exchange: string;
  /** Why the broker has returned it: that comes before its confirmation. */
  returned: string | undefined;
  readonly settle: (error?: Error) => void;
}

/** One connection to RabbitMQ, with one channel. Either is lost with the other. */
export class RabbitmqSession implements Session {
  readonly #model: AmqpConnection;
  readonly #channel: AmqpChannel;
  readonly #pending = new Set<Pending>();
  readonly #inFlight = new InFlight((reason) => this.#fail(reason));
  #lost = false;

  private constructor(model: AmqpConnection, channel: AmqpChannel) {
    this.#model = model;
    this.#channel = channel;
    channel.on("return", (message) => this.#returned(message));
    channel.on("error", (error) => this.#fail(asError(error)));
    channel.on("close", () => this.#fail(new Error("the channel was closed")));
    model.on("error", (error) => this.#fail(asError(error)));
    model.on("close", () => this.#fail(new Error("the connection was closed")));
  }

  /** @throws {@link MissingDependencyError} */
  static async open(url: string): Promise<RabbitmqSession> {
    const address = new URL(url);
    if (!address.searchParams.has("heartbeat")) address.searchParams.set("heartbeat", `${heartbeatSeconds}`);
    const model = await connectAmqp(address.href, { timeout: connectTimeoutMs, noDelay: true });
    // What is lost before the channel is there is told by the call that opens it.
    const ignore = (): void => {};
    model.on("error", ignore);
    try {
      return new RabbitmqSession(model, await model.createConfirmChannel());
    } catch (error) {
      await model.close().catch(ignore);
      throw error;
    }
  }

  get usable(): boolean {
    return !this.#lost;
  }

  publish(message: OutgoingMessage, { exchange, routingKey, persistent, mandatory }: Target, signal: AbortSignal): Promise<void> {
    const { id, body, contentType, headers, event } = message;
    const sent = new Promise<void>((resolve, reject) => {
      const pending: Pending = {
        message,
        exchange,
        returned: undefined,
        settle: (error) => {
          if (!this.#pending.delete(pending)) return;
          if (error) reject(error);
          else resolve();
        },
      };
      this.#pending.add(pending);
      const options = {
        persistent,
        mandatory,
        contentType,
        headers,
        messageId: id,
        type: Buffer.byteLength(event.type) <= 255 ? event.type : "",
        timestamp: Math.floor(event.recordedAt.getTime() / 1_000),
      };
      try {
        this.#channel.publish(exchange, routingKey, bufferOf(body), options, (error: unknown) => this.#confirmed(pending, error));
      } catch (error) {
        pending.settle(asError(error));
      }
    });
    return this.#inFlight.wait(sent, signal);
  }

  async close(): Promise<void> {
    await this.#inFlight.idle();
    if (this.#lost) return;
    this.#lost = true;
    await this.#closeModel();
  }

  #confirmed(pending: Pending, error: unknown): void {
    const { id } = pending.message;
    if (error) pending.settle(new Error(`the broker did not take message ${id}: a queue is full, or it failed`, { cause: error }));
    else if (pending.returned === undefined) pending.settle();
    else pending.settle(new MessageRefusedError({ sink, messageId: id }, `no queue is bound for it (${pending.returned})`));
  }

  #returned(message: unknown): void {
    const { fields, properties } = Object(message);
    const id: unknown = Reflect.get(Object(properties), "messageId");
    for (const pending of this.#pending) if (pending.message.id === id) pending.returned = String(Reflect.get(Object(fields), "replyText"));
  }

  /** The channel is lost. Which message it was lost for shows in what the broker says. */
  #fail(error: Error): void {
    this.#lost = true;
    for (const { message, exchange, settle } of this.#pending) {
      const reason = refusalOf(error.message, message, exchange);
      settle(reason === undefined ? error : new MessageRefusedError({ sink, messageId: message.id }, reason, { cause: error }));
    }
    void this.#closeModel();
  }

  async #closeModel(): Promise<void> {
    try {
      await this.#model.close();
    } catch {
      // It was closed already.
    }
  }
}

/** Why the broker will never take this message, where it closed the channel because of it. */
function refusalOf(said: string, { body }: OutgoingMessage, exchange: string): string | undefined {
  if (said.includes(`no exchange '${exchange}' in vhost`)) return `there is no exchange ${JSON.stringify(exchange)}`;
  const [, size] = /message size (\d+) is larger than configured max size/.exec(said) ?? [];
  return size !== undefined && body.byteLength === Number(size) ? said : undefined;
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
