import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Broker, startBroker } from "./broker.ts";
import type { Certificate } from "./certificates.ts";

const binary = "/usr/bin/redis-server";

/** Debian's package `redis-server`. */
export const hasRedis: boolean = existsSync(binary);

/** A Redis that has on disk what it has acknowledged. */
export interface Redis extends Broker {
  readonly url: string;
}

/** Starts a Redis. It ends when it is disposed of or this process ends. @param certificate - It takes only connections with TLS then. */
export async function startRedis(certificate?: Certificate): Promise<Redis> {
  const broker = await startBroker({
    name: "redis",
    command: async (folder, port) => {
      if (certificate) {
        await writeFile(join(folder, "server.crt"), certificate.certificate);
        await writeFile(join(folder, "server.key"), certificate.key);
      }
      const files = ["--tls-cert-file", "server.crt", "--tls-key-file", "server.key", "--tls-auth-clients", "no"];
      const listening = certificate ? ["--port", "0", "--tls-port", `${port}`, ...files] : ["--port", `${port}`];
      return { file: binary, args: [...listening, "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "yes", "--appendfsync", "always"] };
    },
  });
  // The spread would read the process id once.
  return Object.assign(Object.create(broker), { url: certificate ? `rediss://localhost:${broker.port}` : `redis://127.0.0.1:${broker.port}` });
}
