import type { Fault } from "./fault.ts";

/** Not a fault, but a rolling deployment: everything under way must end, and end soon. */
export const stopWorker: Fault = {
  name: "SIGTERM of a worker",
  async strike({ workers, random }) {
    await workers.replace(random.pick(workers.numbers));
  },
};
