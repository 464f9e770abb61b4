import { importPeer } from "./peer.ts";

/** As much of the package redis as publishing needs. */
export interface RedisClient {
  readonly isReady: boolean;
  on(event: "error", listener: (error: unknown) => void): unknown;
  connect(): Promise<unknown>;
  sendCommand(args: readonly (string | Buffer)[]): Promise<unknown>;
  destroy(): void;
}

type CreateClient = (options: object) => RedisClient;

/** @throws {@link MissingDependencyError} */
export async function redisClient(options: object): Promise<RedisClient> {
  const create = await importPeer("redis", "Publishing to Redis", ({ createClient }) => (isCreateClient(createClient) ? createClient : undefined));
  return create(options);
}

function isCreateClient(value: unknown): value is CreateClient {
  return typeof value === "function";
}
