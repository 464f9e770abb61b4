import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/**
 * libfaketime gives each program a semaphore and a piece of shared memory, named by its process, which the programs that it starts share.
 * Both outlive a killed process. A later one that gets its number finds them, and ends with "File exists", or waits for ever for a
 * semaphore that the dead one had taken.
 */
const folder = "/dev/shm";
const names = /^(?:sem\.faketime_sem|faketime_shm)_(\d+)$/;

/** Removes what processes left that are no more. */
export function removeStaleSemaphores(): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const pid = names.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(join(folder, name), { force: true });
  }
}
