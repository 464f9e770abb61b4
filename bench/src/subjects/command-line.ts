import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../../packages/tidemark/src/cli/main.ts", import.meta.url));
const reporter = new URL("peak-memory.ts", import.meta.url).href;

export interface CommandRun {
  readonly seconds: number;
  /** The most memory that the process had at a time, in MiB. */
  readonly peakMiB: number;
}

/** Runs `tidemark …` in a process of its own, its start included. */
export async function runCommand(args: readonly string[], url: string): Promise<CommandRun> {
  const started = performance.now();
  const child = spawn(process.execPath, ["--conditions=source", "--import", reporter, main, ...args], {
    env: { ...process.env, DATABASE_URL: url },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`tidemark ${args.join(" ")} ended with ${code}: ${said}`);
  return { seconds: (performance.now() - started) / 1_000, peakMiB: Number(/peak memory: (\d+) KiB/.exec(said)?.[1]) / 1_024 };
}
