import { setTimeout as delay } from "node:timers/promises";
import { administer, signal, workerBackends, type Fault } from "./fault.ts";

/** Longer than a statement and its cancellation may take: the client gives up, and the backend commits afterwards. */
export const freezeBackendLong: Fault = {
  name: "freeze of a backend beyond the client's patience",
  async strike({ url, random }) {
    const pids = await administer(url, workerBackends);
    const some = random.shuffle(pids).slice(0, 2);
    for (const pid of some) signal(pid, "SIGSTOP");
    await delay(random.between(3_000, 9_000));
    for (const pid of some) signal(pid, "SIGCONT");
  },
};
