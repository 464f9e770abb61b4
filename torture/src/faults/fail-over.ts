import { untilAnswering, type Fault } from "./fault.ts";

/** The primary is lost for good; its synchronous replica goes on in its place, behind the same address. */
export const failOver: Fault = {
  name: "failover to the replica",
  missing: ({ cluster }) => (cluster === undefined ? "needs a replica: --replica" : undefined),
  async strike(arena) {
    const { cluster, proxy } = arena;
    await cluster?.failOver();
    proxy.aim(arena.server.port);
    proxy.cutAll();
    await untilAnswering(arena.url);
  },
};
