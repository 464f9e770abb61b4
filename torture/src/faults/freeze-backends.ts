import { setTimeout as delay } from "node:timers/promises";
import { administer, signal, workerBackends, type Fault } from "./fault.ts";

/** One backend after the other stands still at any instruction: between two statements of a function, inside nextval. */
export const freezeBackends: Fault = {
  name: "freeze and thaw of backends",
  strike: ({ url, random }) =>
    administer(url, async (client) => {
      for (let freezes = 30; freezes > 0; freezes--) {
        const [first, ...others] = await workerBackends(client);
        if (first === undefined) continue;
        const pid = random.pick([first, ...others]);
        signal(pid, "SIGSTOP");
        await delay(random.between(5, 65));
        signal(pid, "SIGCONT");
      }
    }),
};
