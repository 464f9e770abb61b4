import { importPeer } from "./peers.ts";
import { randomUUID } from "node:crypto";

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

const { postgreSQLEventStoreConsumer } = await importPeer<EmmettConsumers>("@event-driven-io/emmett-postgresql");
const url = process.argv[2] ?? "";
const consumer = postgreSQLEventStoreConsumer({ connectionString: url });
consumer.reactor({ processorId: randomUUID(), connectionOptions: { connectionString: url }, eachMessage: () => process.send?.("seen") });
await consumer.start();
