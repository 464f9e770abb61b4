import { setTimeout as delay } from "node:timers/promises";
import { noBroker, type Fault } from "./fault.ts";

export const killBroker: Fault = {
  name: "kill -9 of the broker",
  missing: noBroker,
  async strike({ broker, random }) {
    if (!broker) return;
    // Once more while relays connect again.
    for (let kills = random.between(1, 3); kills > 0; kills--) {
      await broker.server.kill();
      await delay(random.between(0, 1_000));
      await broker.server.start();
      await delay(random.between(0, 200));
    }
  },
};
