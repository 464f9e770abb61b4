import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface SmallDisk extends Disposable {
  readonly folder: string;
}

/** A file system in memory that can be filled; only root may mount one. Gone when it is disposed of, or when this process ends. */
export function mountSmallDisk(megabytes: number): SmallDisk | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "tidemark-torture-disk-"));
  if (spawnSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder]).status !== 0) {
    rmdirSync(folder);
    return undefined;
  }
  chmodSync(folder, 0o777);
  const unmount = (): void => {
    spawnSync("umount", ["-l", folder]);
    rmdirSync(folder);
  };
  process.once("exit", unmount);
  return {
    folder,
    [Symbol.dispose]() {
      process.off("exit", unmount);
      unmount();
    },
  };
}
