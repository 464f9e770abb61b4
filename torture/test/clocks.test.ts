import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { createClocks } from "../src/run/clocks.ts";

/** Sixty processes that look at a file without a pause are killed; then their parent looks. */
const killLookers = `
for n in $(seq 60); do
  ( while :; do [ -e /tmp ]; done ) &
  sleep 0.01
  kill -9 $!
  wait $!
done
[ -e /tmp ] && echo "and goes on"`;

test("a process that is killed while it looks at a file stops none that go by the same clock", { timeout: 60_000 }, async () => {
  await using clocks = await createClocks();
  if (!clocks) return console.log("NOT TESTED: libfaketime is not installed.");
  const { stdout } = await promisify(execFile)("bash", ["-c", killLookers], {
    env: { ...process.env, ...clocks.server.env },
    timeout: 40_000,
    killSignal: "SIGKILL",
  });
  expect(stdout).toBe("and goes on\n");
});
