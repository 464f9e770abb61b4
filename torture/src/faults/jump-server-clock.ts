import { setTimeout as delay } from "node:timers/promises";
import { heededMs } from "../run/clocks.ts";
import { noClocks, type Fault } from "./fault.ts";

/** Somebody sets the server's clock wrong, and later right again: leases end at once, or last long; the server's time-outs come late. */
export const jumpServerClock: Fault = {
  name: "jump of the server's clock",
  missing: noClocks,
  async strike({ clocks, random }) {
    const seconds = random.between(1, 20) * (random.chance(0.5) ? 1 : -1);
    await clocks?.server.set(seconds);
    await delay(heededMs + random.between(200, 2_000));
    await clocks?.server.set(0);
    await delay(heededMs);
  },
};
