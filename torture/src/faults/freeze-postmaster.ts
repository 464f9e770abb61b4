import { setTimeout as delay } from "node:timers/promises";
import { signal, type Fault } from "./fault.ts";

/** Nobody gets a new connection; those that exist go on. */
export const freezePostmaster: Fault = {
  name: "freeze and thaw of the postmaster",
  async strike({ server, proxy, random }) {
    const { pid } = server;
    signal(pid, "SIGSTOP");
    if (random.chance(0.5)) proxy.cutAll();
    await delay(random.between(300, 2_000));
    signal(pid, "SIGCONT");
  },
};
