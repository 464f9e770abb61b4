import { setTimeout as delay } from "node:timers/promises";
import { signal, untilAnswering, type Fault } from "./fault.ts";
import { childrenOf, untilStopped } from "./processes.ts";

/** As when the system runs out of memory: the postmaster and all its children go at once, nothing is flushed. */
export const killPostmaster: Fault = {
  name: "kill -9 of the postmaster",
  async strike({ server, url }) {
    const postmaster = server.pid;
    // While it runs it starts children that nobody has listed yet. One that outlives it keeps the memory that the next server wants.
    signal(postmaster, "SIGSTOP");
    await untilStopped(postmaster);
    const children = await childrenOf(postmaster);
    for (const pid of [postmaster, ...children]) signal(pid, "SIGKILL");
    await startAgain(server);
    await untilAnswering(url);
  },
};

/** The kernel takes a moment to let go of the dead server's memory. */
export async function startAgain(server: { start(): Promise<void> }): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await server.start();
    } catch (error) {
      if (attempt === 100) throw error;
      await delay(50);
    }
  }
}
