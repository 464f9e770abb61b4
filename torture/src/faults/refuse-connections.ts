import { setTimeout as delay } from "node:timers/promises";
import type { Fault } from "./fault.ts";

/** The network is gone for a moment: connections break, and new ones do too. */
export const refuseConnections: Fault = {
  name: "no network",
  async strike({ proxy, random }) {
    const forget = proxy.on("frontend", () => "drop-connection-before");
    proxy.cutAll();
    await delay(random.between(200, 2_000));
    forget();
  },
};
