import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Broker, startBroker } from "./broker.ts";
import type { Certificate } from "./certificates.ts";

const binary = "/usr/sbin/nats-server";

/** Debian's package `nats-server`. */
export const hasNats: boolean = existsSync(binary);

/** A NATS server with JetStream. */
export interface Nats extends Broker {
  readonly url: string;
}

export interface NatsServerOptions {
  /** More lines of its configuration. */
  readonly settings?: readonly string[];
  /** It takes only connections with TLS then. */
  readonly certificate?: Certificate;
}

/** Starts a NATS server with JetStream. It ends when it is disposed of or this process ends. */
export async function startNats({ settings = [], certificate }: NatsServerOptions = {}): Promise<Nats> {
  const broker = await startBroker({
    name: "nats",
    command: async (folder, port) => {
      const [config = "", crt = "", key = ""] = ["nats.conf", "server.crt", "server.key"].map((file) => join(folder, file));
      const lines = [`listen: "127.0.0.1:${port}"`, `jetstream { store_dir: "${join(folder, "jetstream")}" }`, ...settings];
      if (certificate) {
        await writeFile(crt, certificate.certificate);
        await writeFile(key, certificate.key);
        lines.push(`tls { cert_file: "${crt}", key_file: "${key}" }`);
      }
      await writeFile(config, lines.join("\n"));
      return { file: binary, args: ["-c", config] };
    },
  });
  // The spread would read the process id once.
  return Object.assign(Object.create(broker), { url: certificate ? `tls://localhost:${broker.port}` : `nats://127.0.0.1:${broker.port}` });
}
