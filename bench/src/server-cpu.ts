import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { execFile } from "node:child_process";
import pg from "pg";

/** Processor time in seconds that the server's processes have used so far. */
export type ServerCpu = () => Promise<number>;

interface Process {
  readonly parent: number;
  /** In ticks: its own, and that of children which have ended. */
  readonly own: number;
  readonly ended: number;
}

/** Undefined where the server's processes cannot be seen: on another machine, or without /proc. */
export async function openServerCpu(url: string): Promise<ServerCpu | undefined> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
    const backend = await readProcess(rows[0]?.pid ?? 0);
    if (!backend) return undefined;
    const { stdout } = await promisify(execFile)("getconf", ["CLK_TCK"]);
    return async () => (await ticksOf(backend.parent)) / Number(stdout);
  } catch {
    return undefined;
  } finally {
    await client.end();
  }
}

async function ticksOf(postmaster: number): Promise<number> {
  const pids = (await readdir("/proc")).map(Number).filter(Number.isInteger);
  let ticks = 0;
  for (const pid of pids) {
    const process = await readProcess(pid);
    if (pid === postmaster) ticks += (process?.own ?? 0) + (process?.ended ?? 0);
    else if (process?.parent === postmaster) ticks += process.own;
  }
  return ticks;
}

/** See proc_pid_stat(5). The name in brackets may hold anything. */
async function readProcess(pid: number): Promise<Process | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, "utf8");
    const fields = text
      .slice(text.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number);
    const field = (number: number): number => fields[number - 3] ?? 0;
    return { parent: field(4), own: field(14) + field(15), ended: field(16) + field(17) };
  } catch {
    return undefined;
  }
}
