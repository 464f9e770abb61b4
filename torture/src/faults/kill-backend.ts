import { administer, signal, untilAnswering, workerBackends, type Fault } from "./fault.ts";

/** The postmaster takes it for corrupted memory and restarts every backend. */
export const killBackend: Fault = {
  name: "kill -9 of a backend",
  async strike({ url, random }) {
    const pids = await administer(url, workerBackends);
    const [first, ...others] = pids;
    if (first === undefined) return;
    signal(random.pick([first, ...others]), "SIGKILL");
    await untilAnswering(url);
  },
};
