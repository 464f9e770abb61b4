import { setTimeout as delay } from "node:timers/promises";
import { noBroker, type Fault } from "./fault.ts";

/** It takes some messages and not others, on one connection. */
export const fillBroker: Fault = {
  name: "full memory of the broker",
  missing: noBroker,
  async strike({ broker, random }) {
    if (!broker) return;
    for (let times = 10; times > 0; times--) {
      await broker.command("CONFIG", "SET", "maxmemory", "1");
      await delay(random.between(0, 60));
      await broker.command("CONFIG", "SET", "maxmemory", "0");
      await delay(random.between(0, 60));
    }
  },
};
