import { hasRedis, startCuts, startRedis, type Cuts, type Redis } from "@tidemark/servers";
import { connectRedis } from "./redis-client.ts";

/** The broker of a run, and the way from the workers to it. */
export interface PublishTarget extends AsyncDisposable {
  readonly server: Redis;
  /** Between the workers and the broker. */
  readonly way: Cuts;
  /** Through `way`. */
  readonly url: string;
  /** Sends one command, past `way`. */
  command(...args: readonly string[]): Promise<void>;
}

export const noBrokerReason = "needs Redis (Debian: apt-get install redis-server)";

/** Undefined where it is not installed. */
export async function startPublishTarget(): Promise<PublishTarget | undefined> {
  if (!hasRedis) return undefined;
  const server = await startRedis();
  const way = await startCuts(server.port);
  return {
    server,
    way,
    url: `redis://127.0.0.1:${way.port}`,
    async command(...args) {
      using client = await connectRedis(server.url);
      await client.send(args);
    },
    async [Symbol.asyncDispose]() {
      await way[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
