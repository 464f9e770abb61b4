import { setTimeout as delay } from "node:timers/promises";
import { noBroker, signal, type Fault } from "./fault.ts";

export const freezeBroker: Fault = {
  name: "freeze and thaw of the broker",
  missing: noBroker,
  async strike({ broker, random }) {
    if (!broker) return;
    const { pid } = broker.server;
    signal(pid, "SIGSTOP");
    await delay(random.between(300, 4_000));
    signal(pid, "SIGCONT");
  },
};
