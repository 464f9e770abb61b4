import { createClient } from "redis";

/** A connection that ends rather than try again. */
export interface Connection extends Disposable {
  send(args: readonly string[]): Promise<unknown>;
}

export async function connectRedis(url: string): Promise<Connection> {
  const client = createClient({ url, disableOfflineQueue: true, socket: { reconnectStrategy: false, connectTimeout: 10_000 } });
  // What is lost is told by the call that waits for it.
  client.on("error", () => undefined);
  await client.connect();
  return { send: (args) => client.sendCommand(args), [Symbol.dispose]: () => client.destroy() };
}
