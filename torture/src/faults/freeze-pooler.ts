import { setTimeout as delay } from "node:timers/promises";
import { noPooler, signal, type Fault } from "./fault.ts";

/** It holds what was sent to it for as long as a client waits, and longer; then everything arrives. */
export const freezePooler: Fault = {
  name: "freeze and thaw of the pooler",
  missing: noPooler,
  async strike({ pooler, random }) {
    const pid = pooler?.pid;
    if (pid === undefined) return;
    signal(pid, "SIGSTOP");
    await delay(random.between(300, 4_000));
    signal(pid, "SIGCONT");
  },
};
