import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { createClocks } from "../src/run/clocks.ts";

const hour = 3_600;

test("a clock moves the time of day, and has no times of files faked, for which all processes would share a semaphore", async () => {
  await using clocks = await createClocks();
  if (!clocks) return console.log("NOT TESTED: libfaketime is not installed.");
  await clocks.server.set(10 * hour);
  const env = { ...process.env, ...clocks.server.env };
  const { stdout } = await promisify(execFile)("date", ["+%s"], { env, timeout: 30_000, killSignal: "SIGKILL" });
  expect(Number(stdout) - Date.now() / 1_000).toBeGreaterThan(9 * hour);
  // One that is killed in it stops the others, but only where it is killed in just that moment: nothing that a test could force.
  expect(clocks.server.env).toMatchObject({ NO_FAKE_STAT: "1" });
});
