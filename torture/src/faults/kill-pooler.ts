import { noPooler, type Fault } from "./fault.ts";

/** Clients lose their connections, and the server those of transactions that are under way. */
export const killPooler: Fault = {
  name: "kill -9 of the pooler",
  missing: noPooler,
  async strike({ pooler }) {
    await pooler?.kill();
    await pooler?.start();
  },
};
