import { checkBoolean } from "../arguments/checks.ts";
import { checkOptions } from "../arguments/options.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { MessageRefusedError } from "../errors/relays.ts";
import type { RecordedEvent } from "../model/event.ts";
import type { Sink } from "../relays/sink.ts";
import { categoryAndType, checkAddress, textOf, textOrFunction } from "./broker-options.ts";
import { RabbitmqSession } from "./rabbitmq-session.ts";
import { Reconnecting } from "./reconnecting.ts";

/**
 * Options of `rabbitmq`.
 *
 * @example
 * ```ts
 * const options: RabbitmqOptions = { url: "amqp://guest:guest@127.0.0.1", exchange: "shop", routingKey: (event) => event.type };
 * ```
 */
export interface RabbitmqOptions {
  /** `amqp://…` or `amqps://…`. */
  readonly url: string;
  /** The exchange to publish to, which must exist. `""` is the default exchange, whose routing keys are names of queues. */
  readonly exchange: string | ((event: RecordedEvent) => string);
  /** At most 255 bytes. @defaultValue the event's category and type: `cart.CartConfirmed`; of a message of the outbox its topic */
  readonly routingKey?: string | ((event: RecordedEvent) => string);
  /** Whether messages survive a restart of the broker. @defaultValue true */
  readonly persistent?: boolean;
  /** Whether a message is refused that no queue is bound for. If not, the broker drops it. @defaultValue true */
  readonly mandatory?: boolean;
}

const name = "rabbitmq";

const shape = {
  url: checkAddress(["amqp:", "amqps:"]),
  exchange: textOrFunction,
  routingKey: textOrFunction,
  persistent: checkBoolean,
  mandatory: checkBoolean,
};

/**
 * Returns a sink that publishes to RabbitMQ with publisher confirms: a message is acknowledged once every queue that it was routed to has
 * it, on disk if both are durable. Quorum queues and streams are queues like others. It needs the package `amqplib`, 2.3 or later.
 *
 * A message carries the event's id as `message_id`, its type as `type`, and its time as `timestamp`. It is refused if its exchange does not exist, if no
 * queue is bound for it, or if it is larger than the broker allows. A queue that is full and rejects messages (`reject-publish`) holds up the
 * relay until it has room.
 *
 * @throws {@link InvalidArgumentError} — an option is invalid.
 * @throws {@link MissingDependencyError} — at the first message: `amqplib` is not installed. The relay tells of it, and holds.
 *
 * @example
 * ```ts
 * const out = defineRelay({ name: "shop-out", to: rabbitmq({ url: "amqp://guest:guest@127.0.0.1", exchange: "shop" }) });
 * ```
 */
export function rabbitmq(options: RabbitmqOptions): Sink {
  const { url, exchange, routingKey = categoryAndType, persistent = true, mandatory = true } = checkOptions(options, shape);
  if (url === undefined) throw new InvalidArgumentError("options.url", "is missing");
  if (exchange === undefined) throw new InvalidArgumentError("options.exchange", 'is missing: the exchange to publish to, "" for the default one');
  const connection = new Reconnecting(() => RabbitmqSession.open(url));
  return {
    name,
    async publish(message, { signal }) {
      const target = { exchange: textOf(name, "exchange", exchange, message), routingKey: textOf(name, "routing key", routingKey, message) };
      if (Buffer.byteLength(target.routingKey) > 255)
        throw new MessageRefusedError({ sink: name, messageId: message.id }, "its routing key has more than 255 bytes");
      const session = await connection.get();
      await session.publish(message, { ...target, persistent, mandatory }, signal);
    },
    close: () => connection.close(),
  };
}
