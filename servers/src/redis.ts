import { existsSync } from "node:fs";
import { type Broker, startBroker } from "./broker.ts";

const binary = "/usr/bin/redis-server";

/** Debian's package `redis-server`. */
export const hasRedis: boolean = existsSync(binary);

/** A Redis that has on disk what it has acknowledged. */
export interface Redis extends Broker {
  readonly url: string;
}

/** Starts a Redis. It ends when it is disposed of or this process ends. @param settings - More arguments, such as `--maxmemory`. */
export async function startRedis(settings: readonly string[] = []): Promise<Redis> {
  const broker = await startBroker({
    name: "redis",
    command: (folder, port) => ({
      file: binary,
      args: ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "yes", "--appendfsync", "always", ...settings],
    }),
  });
  // The spread would read the process id once.
  return Object.assign(Object.create(broker), { url: `redis://127.0.0.1:${broker.port}` });
}
