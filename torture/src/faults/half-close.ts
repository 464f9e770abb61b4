import { setTimeout as delay } from "node:timers/promises";
import type { Fault } from "./fault.ts";
import { points } from "./messages.ts";

/** One end of a connection is told that nothing more comes, while the other one still believes in it. */
export const halfClose: Fault = {
  name: "half-close at a protocol message",
  async strike({ proxy, random }) {
    for (let closes = 8; closes > 0; closes--) {
      const [side, name] = random.pick(points);
      let left = 1;
      const forget = proxy.on(side, (message) => (message.name === name && left-- > 0 ? "half-close" : "pass"));
      await delay(random.between(20, 150));
      forget();
    }
  },
};
