import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Broker, startBroker } from "./broker.ts";
import { freePort } from "./port.ts";

const binary = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/** Debian's package `rabbitmq-server`. */
export const hasRabbitmq: boolean = existsSync(binary);

/** A RabbitMQ with the user guest. */
export interface Rabbitmq extends Broker {
  readonly url: string;
}

/** Starts a RabbitMQ. It ends when it is disposed of or this process ends. */
export async function startRabbitmq(): Promise<Rabbitmq> {
  const broker = await startBroker({
    name: "rabbitmq",
    // The port mapper of Erlang, which the broker would start as a daemon.
    companion: async () => {
      const port = `${await freePort()}`;
      return { file: "epmd", args: ["-port", port, "-address", "127.0.0.1"], env: { ERL_EPMD_PORT: port } };
    },
    command: async (folder, port) => {
      const config = join(folder, "rabbitmq.conf");
      await writeFile(config, [`listeners.tcp.default = 127.0.0.1:${port}`, "log.console = false", "disk_free_limit.absolute = 50MB"].join("\n"));
      return {
        file: binary,
        args: [],
        env: {
          RABBITMQ_NODENAME: `tidemark${port}@localhost`,
          RABBITMQ_DIST_PORT: `${await freePort()}`,
          RABBITMQ_CONFIG_FILE: config,
          RABBITMQ_MNESIA_BASE: join(folder, "mnesia"),
          RABBITMQ_LOG_BASE: join(folder, "log"),
          RABBITMQ_PID_FILE: join(folder, "pid"),
          RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "plugins"),
          // Three schedulers less than a machine of many cores would get: it stands beside the tests.
          RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "+S 1:1 +sbwt none",
        },
      };
    },
  });
  // The spread would read the process id once.
  return Object.assign(Object.create(broker), { url: `amqp://guest:guest@127.0.0.1:${broker.port}` });
}
