import { startAgain } from "./kill-postmaster.ts";
import { untilAnswering, type Fault } from "./fault.ts";

export const crashServer: Fault = {
  name: "immediate stop of the server",
  async strike({ server, url }) {
    await server.kill();
    await startAgain(server);
    await untilAnswering(url);
  },
};
