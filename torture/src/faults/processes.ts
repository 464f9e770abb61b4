import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** The processes whose parent this one is. */
export async function childrenOf(parent: number): Promise<number[]> {
  const children: number[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const status = await readFile(`/proc/${name}/status`, "utf8").catch(() => "");
    if (/^PPid:\s*(\d+)$/m.exec(status)?.[1] === `${parent}`) children.push(Number(name));
  }
  return children;
}

/** Waits until a process that was sent SIGSTOP, or was ended meanwhile, runs no further. */
export async function untilStopped(pid: number): Promise<void> {
  for (;;) {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    if (!/^State:\s*[RSD]/m.test(status)) return;
    await delay(1);
  }
}
