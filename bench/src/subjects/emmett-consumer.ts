import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

/** As much of the package's public API as is used here. */
interface EmmettConsumers {
  postgreSQLEventStoreConsumer(options: { readonly connectionString: string }): {
    reactor(options: {
      readonly processorId: string;
      readonly connectionOptions: { readonly connectionString: string };
      readonly eachMessage: () => void;
    }): unknown;
    start(): Promise<void>;
    close(): Promise<void>;
  };
}

const peers = createRequire(new URL("../../peers/package.json", import.meta.url));

/** A processor of Emmett's with its default options, from the beginning of the log, under a name of its own. */
export async function startEmmettProcessor(url: string, eachMessage: () => void): Promise<{ stop(): Promise<void> }> {
  const { postgreSQLEventStoreConsumer }: EmmettConsumers = await import(pathToFileURL(peers.resolve("@event-driven-io/emmett-postgresql")).href);
  const consumer = postgreSQLEventStoreConsumer({ connectionString: url });
  consumer.reactor({ processorId: randomUUID(), connectionOptions: { connectionString: url }, eachMessage });
  // Resolves when it was closed.
  const running = consumer.start();
  return {
    async stop() {
      await consumer.close();
      await running;
    },
  };
}
