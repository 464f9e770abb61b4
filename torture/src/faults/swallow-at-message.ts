import { setTimeout as delay } from "node:timers/promises";
import type { Fault } from "./fault.ts";
import { points } from "./messages.ts";

/** Connections fall silent at some message while both ends believe in each other, as behind a firewall that forgot them. */
export const swallowAtMessage: Fault = {
  name: "silence from a protocol message on",
  async strike({ proxy, random }) {
    for (let silences = 3; silences > 0; silences--) {
      const [side, name] = random.pick(points);
      let left = 1;
      const forget = proxy.on(side, (message) => (message.name === name && left-- > 0 ? "swallow" : "pass"));
      await delay(random.between(200, 1_200));
      forget();
    }
    // The server would hold what a silent client has locked until TCP gives up, hours later.
    proxy.cutAll();
  },
};
