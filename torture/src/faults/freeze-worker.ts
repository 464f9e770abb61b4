import { setTimeout as delay } from "node:timers/promises";
import type { Fault } from "./fault.ts";

export const freezeWorker: Fault = {
  name: "freeze and thaw of a worker",
  async strike({ workers, random }) {
    const worker = random.pick(workers.numbers);
    workers.signal(worker, "SIGSTOP");
    await delay(random.between(200, 2_500));
    workers.signal(worker, "SIGCONT");
  },
};
