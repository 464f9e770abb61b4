import { setTimeout as delay } from "node:timers/promises";
import { noBroker, type Fault } from "./fault.ts";

/** Messages, or what acknowledges them, are lost on their way; then the connections break. */
export const cutBroker: Fault = {
  name: "cut before and behind acknowledgements",
  missing: noBroker,
  async strike({ broker, random }) {
    if (!broker) return;
    for (let cuts = 6; cuts > 0; cuts--) {
      broker.way.lose = random.pick(["requests", "answers"]);
      await delay(random.between(5, 100));
      broker.way.cut();
      broker.way.lose = undefined;
      await delay(random.between(20, 150));
    }
  },
};
