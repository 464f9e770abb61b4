// As much of the brokers' clients as the scenarios use: their types are not there where they are not installed.
interface Channel {
  assertQueue(queue: string, options: object): Promise<unknown>;
  deleteQueue(queue: string): Promise<unknown>;
  publish(exchange: string, routingKey: string, content: Buffer, options: object, confirmed: (error: unknown) => void): boolean;
}

interface RedisClient {
  on(event: "error", listener: () => void): unknown;
  connect(): Promise<unknown>;
  sendCommand(args: readonly (string | Buffer)[]): Promise<unknown>;
  destroy(): void;
}

interface Headers {
  append(name: string, value: string): void;
}

interface JetStream {
  readonly streams: { publish(subject: string, body: Uint8Array, options: { readonly headers: Headers; readonly msgID: string }): Promise<unknown> };
  readonly manager: { readonly streams: { add(config: object): Promise<unknown>; delete(name: string): Promise<unknown> } };
  readonly headers: () => Headers;
  readonly close: () => Promise<void>;
}

const names: { readonly amqp: string; readonly redis: string; readonly nats: string; readonly jetstream: string } = {
  amqp: "amqplib",
  redis: "redis",
  nats: "@nats-io/transport-node",
  jetstream: "@nats-io/jetstream",
};

export async function connectAmqp(url: string): Promise<{ readonly channel: Channel; readonly close: () => Promise<void> }> {
  const client: { connect(url: string, options: object): Promise<{ createConfirmChannel(): Promise<Channel>; close(): Promise<void> }> } = await import(
    names.amqp
  );
  const model = await client.connect(url, { noDelay: true });
  return { channel: await model.createConfirmChannel(), close: () => model.close() };
}

export async function connectRedis(url: string): Promise<RedisClient> {
  const { createClient }: { createClient(options: object): RedisClient } = await import(names.redis);
  const client = createClient({ url });
  client.on("error", () => {});
  await client.connect();
  return client;
}

export async function connectJetStream(url: string): Promise<JetStream> {
  interface Connection {
    close(): Promise<void>;
  }
  const transport: { connect(options: object): Promise<Connection>; headers(): Headers } = await import(names.nats);
  const library: {
    jetstream(connection: Connection, options: object): JetStream["streams"];
    jetstreamManager(connection: Connection): Promise<JetStream["manager"]>;
  } = await import(names.jetstream);
  // As the sink has it: no stack is kept for each message.
  const connection = await transport.connect({ servers: new URL(url).host, noAsyncTraces: true });
  return {
    streams: library.jetstream(connection, { timeout: 60_000 }),
    manager: await library.jetstreamManager(connection),
    headers: () => transport.headers(),
    close: () => connection.close(),
  };
}
