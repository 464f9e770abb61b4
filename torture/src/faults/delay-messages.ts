import { setTimeout as delay } from "node:timers/promises";
import type { Fault } from "./fault.ts";
import { points } from "./messages.ts";

/** A slow network, and now and then one so slow that clients give up on answers that come after all. */
export const delayMessages: Fault = {
  name: "delay of protocol messages",
  async strike({ proxy, random }) {
    const [side, name] = random.pick(points);
    const most = random.chance(0.3) ? 4_000 : 120;
    const forget = proxy.on(side, async (message) => {
      if (message.name === name && random.chance(0.2)) await delay(random.between(1, most));
    });
    await delay(1_500);
    forget();
  },
};
