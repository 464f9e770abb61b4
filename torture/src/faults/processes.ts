import { readdir, readFile } from "node:fs/promises";

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
