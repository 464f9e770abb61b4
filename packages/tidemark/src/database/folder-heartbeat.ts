import { closeSync, fstatSync, openSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";

/** A sign of life is given so often. */
const heartbeatMs = 1_000;

/** Runs in a thread of its own: a statement of an embedded database blocks this one, for minutes where it is a long one. */
const program = `
const { workerData } = require("node:worker_threads");
const { readFileSync, utimesSync } = require("node:fs");
setInterval(() => {
  try {
    // One that another process took over must not look alive by this one's doing.
    if (readFileSync(workerData.lockFile, "utf8").includes(workerData.token)) utimesSync(workerData.lockFile, new Date(), new Date());
  } catch {
    // The file is gone, or its disk does not answer now.
  }
}, workerData.heartbeatMs);`;

/** Touches a lock file until it is told to stop. It keeps no process alive. */
export function sendHeartbeats(lockFile: string, token: string): () => void {
  const worker = new Worker(program, {
    eval: true,
    workerData: { lockFile, token, heartbeatMs },
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 16 },
  });
  worker.unref();
  // A process that cannot start a thread has more to worry about, and an error without a listener would end it.
  worker.on("error", () => {});
  return () => void worker.terminate();
}

/**
 * Whether the file stays untouched for so long. It asks no clock but this process's own: those of two machines differ, and one
 * that slept wakes to a lock that looks old.
 */
export async function isStill(file: string, ms: number): Promise<boolean> {
  const first = touchedAt(file);
  if (first === undefined) return false;
  const until = performance.now() + ms;
  while (performance.now() < until) {
    await delay(Math.min(ms / 10, heartbeatMs / 2));
    if (touchedAt(file) !== first) return false;
  }
  return true;
}

/** By opening it: a network file system answers from its cache otherwise. Undefined: the file is gone. */
function touchedAt(file: string): number | undefined {
  try {
    const descriptor = openSync(file, "r");
    try {
      return fstatSync(descriptor).mtimeMs;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
}
