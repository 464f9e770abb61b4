import { type Broker, hasNats, hasRabbitmq, hasRedis, startNats, startRabbitmq, startRedis } from "@tidemark/servers";
import type { OutgoingMessage, Sink } from "tidemark";
import { nats } from "tidemark/nats";
import { rabbitmq } from "tidemark/rabbitmq";
import { redis } from "tidemark/redis";
import { connectAmqp, connectJetStream, connectRedis } from "./broker-clients.ts";

/** An empty queue or stream at a broker. */
export interface Destination extends AsyncDisposable {
  readonly sink: Sink;
  /** Publishes with the broker's client alone. Resolves once it is acknowledged. */
  readonly publish: (message: OutgoingMessage) => Promise<unknown>;
}

export interface BrokerSubject {
  readonly name: string;
  readonly broker: Broker;
  readonly open: () => Promise<Destination>;
}

/** Starts the brokers that are installed. */
export async function startBrokers(missing: (name: string) => void): Promise<readonly BrokerSubject[]> {
  const found: BrokerSubject[] = [];
  if (hasRabbitmq) found.push(await rabbitmqSubject());
  else missing("RabbitMQ");
  if (hasRedis) found.push(await redisSubject());
  else missing("Redis");
  if (hasNats) found.push(await natsSubject());
  else missing("NATS");
  return found;
}

let destinations = 0;

async function rabbitmqSubject(): Promise<BrokerSubject> {
  const broker = await startRabbitmq();
  return {
    name: "RabbitMQ",
    broker,
    async open() {
      const queue = `queue-${++destinations}`;
      const { channel, close } = await connectAmqp(broker.url);
      await channel.assertQueue(queue, { durable: true });
      const sink = rabbitmq({ url: broker.url, exchange: "", routingKey: queue });
      return {
        sink,
        publish: ({ id, body, contentType, headers }) =>
          new Promise<void>((resolve, reject) => {
            const options = { persistent: true, mandatory: true, messageId: id, contentType, headers };
            channel.publish("", queue, Buffer.from(body), options, (error) => {
              if (error) reject(new Error("it was not confirmed", { cause: error }));
              else resolve();
            });
          }),
        async [Symbol.asyncDispose]() {
          await sink.close();
          await channel.deleteQueue(queue);
          await close();
        },
      };
    },
  };
}

async function redisSubject(): Promise<BrokerSubject> {
  const broker = await startRedis();
  return {
    name: "Redis",
    broker,
    async open() {
      const stream = `stream-${++destinations}`;
      const client = await connectRedis(broker.url);
      const sink = redis({ url: broker.url, stream });
      return {
        sink,
        publish: ({ id, body, contentType, headers, event }) => {
          const fields = Object.entries(headers).flatMap(([name, value]) => [`header:${name}`, value]);
          return client.sendCommand(["XADD", stream, "*", "id", id, "type", event.type, "contentType", contentType, ...fields, "body", Buffer.from(body)]);
        },
        async [Symbol.asyncDispose]() {
          await sink.close();
          await client.sendCommand(["DEL", stream]);
          client.destroy();
        },
      };
    },
  };
}

async function natsSubject(): Promise<BrokerSubject> {
  const broker = await startNats();
  return {
    name: "NATS",
    broker,
    async open() {
      const stream = `stream-${++destinations}`;
      const { streams, manager, headers: newHeaders, close } = await connectJetStream(broker.url);
      await manager.streams.add({ name: stream, subjects: [`${stream}.>`] });
      const subject = `${stream}.events`;
      const sink = nats({ url: broker.url, subject });
      return {
        sink,
        publish: ({ id, body, contentType, headers }) => {
          const all = newHeaders();
          for (const [name, value] of Object.entries(headers)) all.append(name, value);
          all.append("Content-Type", contentType);
          return streams.publish(subject, body, { headers: all, msgID: id });
        },
        async [Symbol.asyncDispose]() {
          await sink.close();
          await manager.streams.delete(stream);
          await close();
        },
      };
    },
  };
}
