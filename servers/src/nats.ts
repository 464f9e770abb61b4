import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Broker, startBroker } from "./broker.ts";

const binary = "/usr/sbin/nats-server";

/** Debian's package `nats-server`. */
export const hasNats: boolean = existsSync(binary);

/** A NATS server with JetStream. */
export interface Nats extends Broker {
  readonly url: string;
}

/** Starts a NATS server with JetStream. It ends when it is disposed of or this process ends. @param settings - More lines of its configuration. */
export async function startNats(settings: readonly string[] = []): Promise<Nats> {
  const broker = await startBroker({
    name: "nats",
    command: async (folder, port) => {
      const config = join(folder, "nats.conf");
      await writeFile(config, [`listen: "127.0.0.1:${port}"`, `jetstream { store_dir: "${join(folder, "jetstream")}" }`, ...settings].join("\n"));
      return { file: binary, args: ["-c", config] };
    },
  });
  // The spread would read the process id once.
  return Object.assign(Object.create(broker), { url: `nats://127.0.0.1:${broker.port}` });
}
