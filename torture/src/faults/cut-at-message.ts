import { setTimeout as delay } from "node:timers/promises";
import type { Fault } from "./fault.ts";
import { points } from "./messages.ts";

/** Connections break one after the other, each exactly before or behind one message of the protocol. */
export const cutAtMessage: Fault = {
  name: "cut at a protocol message",
  async strike({ proxy, random }) {
    for (let cuts = 8; cuts > 0; cuts--) {
      const [side, name] = random.pick(points);
      const verdict = random.chance(0.5) ? "drop-connection-before" : "drop-connection-after";
      let left = 1;
      const forget = proxy.on(side, (message) => (message.name === name && left-- > 0 ? verdict : "pass"));
      await delay(random.between(20, 150));
      forget();
    }
  },
};
