import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { judgeCrashPoints } from "../src/crash-points/program.ts";
import { runCrashPoints } from "../src/crash-points/run.ts";

test("an append that breaks at any message of the protocol keeps every promise", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tidemark-crash-points-"));
  try {
    const done = await runCrashPoints(folder, 18, () => undefined, { call: "append an event with an id" });
    const { cases, missed, slow } = done;
    expect({ missed, slow }).toEqual({ missed: 0, slow: [] });
    expect(cases).toBeGreaterThanOrEqual(40);
    const verdicts = await judgeCrashPoints(done);
    expect(verdicts.filter(({ anomalies }) => anomalies > 0)).toEqual([]);
    expect(verdicts.find(({ id }) => id === "L2")?.checked).toBeGreaterThan(cases);
  } finally {
    await rm(folder, { recursive: true });
  }
});
