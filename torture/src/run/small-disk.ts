import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface SmallDisk extends Disposable {
  readonly folder: string;
}

const prefix = "tidemark-torture-disk-";

/** A file system in memory that can be filled; only root may mount one. Those of runs that were killed are removed first. */
export function mountSmallDisk(megabytes: number): SmallDisk | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return undefined;
  for (const name of readdirSync(tmpdir())) {
    if (name.startsWith(prefix) && !isRunning(Number.parseInt(name.slice(prefix.length), 10))) unmount(join(tmpdir(), name));
  }
  // Its name holds the process that mounted it, so that a later one can tell that it is stale.
  const folder = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
  if (spawnSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder]).status !== 0) {
    rmdirSync(folder);
    return undefined;
  }
  chmodSync(folder, 0o777);
  return { folder, [Symbol.dispose]: () => unmount(folder) };
}

function unmount(folder: string): void {
  spawnSync("umount", ["-l", folder]);
  rmdirSync(folder);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
