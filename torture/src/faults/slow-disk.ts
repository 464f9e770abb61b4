import { childrenOf } from "./processes.ts";
import { noTrace, tamper } from "./trace.ts";
import type { Fault } from "./fault.ts";

/** Everything takes its time, commits above all. */
export const slowDisk: Fault = {
  name: "slow disk",
  missing: noTrace,
  async strike({ server, random }) {
    const microseconds = random.pick([2_000, 20_000, 300_000]);
    await tamper(await childrenOf(server.pid), `fsync,fdatasync,pwrite64,pwritev:delay_enter=${microseconds}`, random.between(500, 2_500));
  },
};
