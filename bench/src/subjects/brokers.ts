import { hasNats, hasRabbitmq, hasRedis, startNats, startRabbitmq, startRedis } from "@tidemark/servers";
import type { OutgoingMessage, Sink } from "tidemark";
import { nats } from "tidemark/nats";
import { rabbitmq } from "tidemark/rabbitmq";
import { redis } from "tidemark/redis";
import { connectAmqp, connectJetStream, connectRedis } from "./broker-clients.ts";
import { kafkaSubjects } from "./kafka.ts";
import { webhookSubject } from "./webhook-endpoint.ts";

/** An empty queue or stream at a broker. */
export interface Destination extends AsyncDisposable {
  readonly sink: Sink;
  /** Publishes with the broker's client alone. Resolves once it is acknowledged. */
  readonly publish: (message: OutgoingMessage) => Promise<unknown>;
}

export interface BrokerSubject {
  readonly name: string;
  /** Ended with the scenario. Several may share one. */
  readonly broker: AsyncDisposable;
  readonly open: () => Promise<Destination>;
}

/** One that is not measured. */
export interface MissingBroker {
  readonly name: string;
  readonly why: string;
}

/** Starts the brokers that are there, and says of the others why they are not. */
export async function startBrokers(): Promise<{ readonly started: readonly BrokerSubject[]; readonly missing: readonly MissingBroker[] }> {
  const started: BrokerSubject[] = [];
  const missing: MissingBroker[] = [];
  const own = [
    { name: "RabbitMQ", here: hasRabbitmq, start: rabbitmqSubject },
    { name: "Redis", here: hasRedis, start: redisSubject },
    { name: "NATS", here: hasNats, start: natsSubject },
  ];
  for (const { name, here, start } of own) {
    if (here) started.push(await start());
    else missing.push({ name, why: `${name} is not installed` });
  }
  const ofKafka = await kafkaSubjects();
  return { started: [...started, ...ofKafka.started, await webhookSubject()], missing: [...missing, ...ofKafka.missing] };
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
