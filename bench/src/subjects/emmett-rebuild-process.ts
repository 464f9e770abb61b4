// Rebuilds a projection of Emmett's when it is told to, and says when it is done: its command leaves a pool open. Its only argument is the database's url.
import { emmettTally, type EmmettProjections } from "./emmett-projection.ts";
import { importPeer } from "./peers.ts";

interface EmmettRebuilds extends EmmettProjections {
  rebuildPostgreSQLProjections(options: { readonly connectionString: string; readonly projections: readonly unknown[] }): { start(): Promise<unknown> };
}

const emmett = await importPeer<EmmettRebuilds>("@event-driven-io/emmett-postgresql");
const rebuild = emmett.rebuildPostgreSQLProjections({ connectionString: process.argv[2] ?? "", projections: [emmettTally(emmett)] });
process.once("message", () => void rebuild.start().then(() => process.send?.("done")));
process.send?.("ready");
