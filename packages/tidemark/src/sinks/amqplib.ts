import { importPeer } from "./peer.ts";

/** As much of amqplib as publishing needs. */
export interface AmqpConnection {
  on(event: "error" | "close", listener: (error: unknown) => void): unknown;
  createConfirmChannel(): Promise<AmqpChannel>;
  close(): Promise<void>;
}

export interface AmqpChannel {
  on(event: "error" | "close" | "return", listener: (what: unknown) => void): unknown;
  publish(exchange: string, routingKey: string, content: Buffer, options: object, confirmed: (error: unknown) => void): boolean;
}

type Connect = (url: string, options: object) => Promise<AmqpConnection>;

/** @throws {@link MissingDependencyError} */
export async function connectAmqp(url: string, options: object): Promise<AmqpConnection> {
  const connect = await importPeer("amqplib", "Publishing to RabbitMQ", ({ connect: found }) => (isConnect(found) ? found : undefined));
  return await connect(url, options);
}

function isConnect(value: unknown): value is Connect {
  return typeof value === "function";
}
