import type { Fault } from "./fault.ts";

export const killWorker: Fault = {
  name: "kill -9 of a worker",
  async strike({ workers, random }) {
    await workers.kill(random.pick(workers.numbers));
  },
};
