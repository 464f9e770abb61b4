import { open, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startAgain } from "./kill-postmaster.ts";
import { untilAnswering, type Fault } from "./fault.ts";

/** The file system of the server's data and its log is full, for a moment. PostgreSQL may refuse, or stop. */
export const fillDisk: Fault = {
  name: "disk full",
  // The replica would stop for good as well.
  withoutReplica: true,
  missing: ({ smallDisk }) => (smallDisk === undefined ? "needs root, to mount a small file system" : undefined),
  async strike({ smallDisk = "", server, url, random }) {
    const ballast = join(smallDisk, "ballast");
    const file = await open(ballast, "w");
    try {
      const block = Buffer.alloc(1024 * 1024);
      const deadline = performance.now() + random.between(1_000, 2_000);
      while (performance.now() < deadline) {
        const { bavail, bsize } = await statfs(smallDisk);
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
  },
};
