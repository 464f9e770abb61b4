import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { createClocks } from "../src/run/clocks.ts";
import { removeStaleSemaphores } from "../src/run/semaphores.ts";

const hour = 3_600;

test("a clock moves the time of day, and has no times of files faked, for which all processes would share a semaphore", async () => {
  await using clocks = await createClocks();
  if (!clocks) return console.log("NOT TESTED: libfaketime is not installed.");
  await clocks.server.set(10 * hour);
  const env = { ...process.env, ...clocks.server.env };
  const { stdout } = await promisify(execFile)("date", ["+%s"], { env, timeout: 200_000, killSignal: "SIGKILL" });
  expect(Number(stdout) - Date.now() / 1_000).toBeGreaterThan(9 * hour);
  // One that is killed in it stops the others, but only where it is killed in just that moment: nothing that a test could force.
  expect(clocks.server.env).toMatchObject({ NO_FAKE_STAT: "1" });
});

test("what a killed process left of its clock is removed, so that a later one of its number can begin", async () => {
  const dead = spawn("true");
  await once(dead, "exit");
  const left = (pid: number | undefined): string[] => ["sem.faketime_sem", "faketime_shm"].map((name) => `/dev/shm/${name}_${pid}`);
  const [stale, living] = [left(dead.pid), left(process.pid)];
  try {
    for (const file of [...stale, ...living]) await writeFile(file, "");
    removeStaleSemaphores();
    expect([stale.map(existsSync), living.map(existsSync)]).toEqual([
      [false, false],
      [true, true],
    ]);
  } finally {
    for (const file of living) await rm(file);
  }
});
