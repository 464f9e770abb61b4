import { setTimeout as delay } from "node:timers/promises";
import { heededMs } from "../run/clocks.ts";
import { noClocks, type Fault } from "./fault.ts";

/** A worker's clock is hours, or days, from everybody else's. */
export const jumpWorkerClock: Fault = {
  name: "jump of a worker's clock",
  missing: noClocks,
  async strike({ clocks, workers, random }) {
    const clock = clocks?.worker(random.pick(workers.numbers));
    await clock?.set(random.between(1, 100_000) * (random.chance(0.5) ? 1 : -1));
    await delay(heededMs + random.between(200, 2_000));
    await clock?.set(0);
  },
};
