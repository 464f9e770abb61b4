import { startAgain } from "./kill-postmaster.ts";
import { untilAnswering, type Fault } from "./fault.ts";

/** A supervisor that starts a crashing server again and again. */
export const restartLoop: Fault = {
  name: "restart loop",
  async strike({ server, url, random }) {
    for (let crashes = random.between(3, 5); crashes > 0; crashes--) {
      await server.kill();
      await startAgain(server);
    }
    await untilAnswering(url);
  },
};
