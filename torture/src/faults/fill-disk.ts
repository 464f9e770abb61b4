import { open, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { noSmallDisk, untilAnswering, type Arena, type Fault } from "./fault.ts";
import { startAgain } from "./kill-postmaster.ts";

/** The file system of the server's data is full, for a moment: PostgreSQL refuses what needs room. */
export const fillDisk: Fault = {
  name: "disk full",
  // The replica would stop for good as well.
  withoutReplica: true,
  missing: noSmallDisk,
  strike: (arena) => fill(arena.disks?.data ?? "", arena),
};

/** The file system of its write-ahead log is full: PostgreSQL stops, and does not start before there is room again. */
export const fillLogDisk: Fault = {
  name: "disk of the write-ahead log full",
  withoutReplica: true,
  missing: noSmallDisk,
  strike: (arena) => fill(arena.disks?.log ?? "", arena),
};

async function fill(disk: string, { server, url, random }: Arena): Promise<void> {
  const ballast = join(disk, "ballast");
  const file = await open(ballast, "w");
  try {
    const block = Buffer.alloc(1024 * 1024);
    const deadline = performance.now() + random.between(1_000, 2_000);
    while (performance.now() < deadline) {
      const { bavail, bsize } = await statfs(disk);
      const free = Math.min(block.length, bavail * bsize);
      // Whoever frees a page meanwhile loses it again.
      if (free > 0) await file.write(block, 0, free).catch(() => undefined);
      else await delay(5);
    }
  } finally {
    await file.close();
    await rm(ballast, { force: true });
  }
  // With no room for its log PostgreSQL stops for good; somebody has to start it again.
  await untilAnswering(url, 3_000).catch(() => startAgain(server));
  await untilAnswering(url);
}
