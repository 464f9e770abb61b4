import { setTimeout as delay } from "node:timers/promises";
import { startAgain } from "./kill-postmaster.ts";
import { untilAnswering, type Fault } from "./fault.ts";

export const restartServer: Fault = {
  name: "restart of the server",
  async strike({ server, url, random }) {
    await server.stop();
    await delay(random.between(0, 800));
    await startAgain(server);
    await untilAnswering(url);
  },
};
