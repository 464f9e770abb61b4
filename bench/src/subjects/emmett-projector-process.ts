// Follows a projection of Emmett's until it is killed. Its only argument is the database's url.
import { emmettTally, type EmmettProjections } from "./emmett-projection.ts";
import { importPeer } from "./peers.ts";

interface EmmettConsumers extends EmmettProjections {
  postgreSQLEventStoreConsumer(options: { readonly connectionString: string }): {
    projector(options: { readonly processorId: string; readonly projection: unknown }): unknown;
    start(): Promise<void>;
  };
}

const emmett = await importPeer<EmmettConsumers>("@event-driven-io/emmett-postgresql");
const consumer = emmett.postgreSQLEventStoreConsumer({ connectionString: process.argv[2] ?? "" });
consumer.projector({ processorId: "tally", projection: emmettTally(emmett) });
await consumer.start();
