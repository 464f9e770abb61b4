import { childrenOf } from "./processes.ts";
import { noTrace, tamper } from "./trace.ts";
import { untilAnswering, type Fault } from "./fault.ts";
import { startAgain } from "./kill-postmaster.ts";

/** The disk says that it could not write what it had taken. PostgreSQL trusts it no more, stops at once, and recovers from its log. */
export const failSync: Fault = {
  name: "fsync fails",
  withoutReplica: true,
  missing: noTrace,
  async strike({ server, url, random }) {
    await tamper(await childrenOf(server.pid), "fsync,fdatasync:error=EIO", random.between(200, 1_000));
    await untilAnswering(url, 10_000).catch(() => startAgain(server));
    await untilAnswering(url);
  },
};
