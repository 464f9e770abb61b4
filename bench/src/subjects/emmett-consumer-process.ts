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
  };
}

const peers = createRequire(new URL("../../peers/package.json", import.meta.url));
const { postgreSQLEventStoreConsumer }: EmmettConsumers = await import(pathToFileURL(peers.resolve("@event-driven-io/emmett-postgresql")).href);
const url = process.argv[2] ?? "";
const consumer = postgreSQLEventStoreConsumer({ connectionString: url });
consumer.reactor({ processorId: randomUUID(), connectionOptions: { connectionString: url }, eachMessage: () => process.send?.("seen") });
await consumer.start();
