import { setTimeout as pause } from "node:timers/promises";
import type { Sample } from "./sample.ts";
import type { ServerCpu } from "./server-cpu.ts";

/** Processor time of this process and the server's, as a share of one core in per cent. */
export async function processorShare(seconds: number, cpu: ServerCpu): Promise<Sample> {
  const own = process.cpuUsage();
  const before = await cpu();
  const started = performance.now();
  await pause(seconds * 1_000);
  const { user, system } = process.cpuUsage(own);
  const used = (user + system) / 1_000_000 + (await cpu()) - before;
  return { events: used * 100, seconds: (performance.now() - started) / 1_000, latencies: [] };
}
