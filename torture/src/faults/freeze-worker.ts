import { setTimeout as delay } from "node:timers/promises";
import type { Fault } from "./fault.ts";

/** Half as long as a lease of its consumers, to three times as long: shards are taken from it while it knows nothing of it. */
export const freezeWorker: Fault = {
  name: "freeze and thaw of a worker",
  async strike({ workers, random }) {
    const worker = random.pick(workers.numbers);
    workers.signal(worker, "SIGSTOP");
    await delay(random.between(1_000, 6_000));
    workers.signal(worker, "SIGCONT");
  },
};
