// As much of amqplib as the tests use: its types are not there where it is not installed.
export interface ChannelModel {
  on(event: "error", listener: () => void): unknown;
  createChannel(): Promise<Channel>;
  close(): Promise<void>;
}

export interface Channel {
  on(event: "error", listener: () => void): unknown;
  assertExchange(exchange: string, type: string, options: object): Promise<unknown>;
  checkExchange(exchange: string): Promise<unknown>;
  assertQueue(queue: string, options: object): Promise<unknown>;
  checkQueue(queue: string): Promise<{ readonly messageCount: number }>;
  bindQueue(queue: string, exchange: string, pattern: string): Promise<unknown>;
  unbindQueue(queue: string, exchange: string, pattern: string): Promise<unknown>;
  get(queue: string, options: { readonly noAck: boolean }): Promise<Message | false>;
}

interface Message {
  readonly content: Buffer;
  readonly fields: { readonly routingKey: string };
  readonly properties: {
    readonly messageId: unknown;
    readonly headers?: Readonly<Record<string, unknown>>;
    readonly type: unknown;
    readonly contentType: unknown;
    readonly deliveryMode: unknown;
    readonly timestamp: unknown;
  };
}

const name: string = "amqplib";

export async function connect(url: string): Promise<ChannelModel> {
  const client: { connect(url: string): Promise<ChannelModel> } = await import(name);
  return await client.connect(url);
}
