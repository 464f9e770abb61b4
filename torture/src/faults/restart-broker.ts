import { noBroker, type Fault } from "./fault.ts";

export const restartBroker: Fault = {
  name: "restart of the broker",
  missing: noBroker,
  async strike({ broker }) {
    await broker?.server.stop();
    await broker?.server.start();
  },
};
