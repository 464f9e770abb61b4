import { isRecord } from "../arguments/options.ts";
import { MissingDependencyError } from "../errors/opening.ts";

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
  // An optional peer: only who publishes to RabbitMQ has it, its types included.
  const client: string = "amqplib";
  let loaded: unknown;
  try {
    loaded = await import(client);
  } catch (error) {
    throw new MissingDependencyError(client, "Publishing to RabbitMQ", { cause: error });
  }
  const connect = connectOf(loaded);
  if (!connect) throw new MissingDependencyError(client, "Publishing to RabbitMQ");
  return await connect(url, options);
}

function connectOf(loaded: unknown): Connect | undefined {
  if (!isRecord(loaded)) return undefined;
  const { connect, default: whole } = loaded;
  if (isConnect(connect)) return connect;
  return isRecord(whole) && isConnect(whole["connect"]) ? whole["connect"] : undefined;
}

function isConnect(value: unknown): value is Connect {
  return typeof value === "function";
}
