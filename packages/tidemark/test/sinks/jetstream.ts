import type { ReceivedMessage } from "tidemark/testing";

// As much of the packages of NATS as the tests use: their types are not there where they are not installed.
interface Connection {
  isClosed(): boolean;
  close(): Promise<void>;
}

interface Message {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers?: { keys(): readonly string[]; get(name: string): string };
}

interface Consumer {
  fetch(options: object): Promise<AsyncIterable<Message>>;
}

interface Manager {
  readonly streams: {
    add(config: object): Promise<unknown>;
    update(name: string, config: object): Promise<unknown>;
    info(name: string): Promise<{ readonly state: { readonly messages: number } }>;
    purge(name: string): Promise<unknown>;
  };
}

export interface StoredMessage extends ReceivedMessage {
  readonly subject: string;
}

export interface Client {
  readonly usable: boolean;
  readonly streams: Manager["streams"];
  /** Every message of a stream, in order. */
  stored(stream: string): Promise<readonly StoredMessage[]>;
  close(): Promise<void>;
}

const transportName: string = "@nats-io/transport-node";
const streamsName: string = "@nats-io/jetstream";

export async function connect(url: string, options: object = {}): Promise<Client> {
  const transport: { connect(options: object): Promise<Connection> } = await import(transportName);
  const library: {
    jetstream(connection: Connection): { readonly consumers: { get(stream: string): Promise<Consumer> } };
    jetstreamManager(connection: Connection): Promise<Manager>;
  } = await import(streamsName);
  const connection = await transport.connect({ servers: new URL(url).host, reconnect: false, ...options });
  const { streams } = await library.jetstreamManager(connection);
  return {
    get usable() {
      return !connection.isClosed();
    },
    streams,
    async stored(stream) {
      const { messages } = (await streams.info(stream)).state;
      const found: StoredMessage[] = [];
      if (messages === 0) return found;
      const consumer = await library.jetstream(connection).consumers.get(stream);
      for await (const { subject, data, headers } of await consumer.fetch({ max_messages: messages, expires: 60_000 })) {
        const named = Object.fromEntries((headers?.keys() ?? []).map((name) => [name, headers?.get(name) ?? ""]));
        found.push({ id: named["Nats-Msg-Id"] ?? "", body: data, headers: named, subject });
      }
      return found;
    },
    close: () => connection.close(),
  };
}
