import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { FinalState } from "../../src/history/final.ts";
import type { RunRecord } from "../../src/run/run.ts";
import { id } from "./evidence.ts";

const program = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

function torture(...args: string[]): Promise<{ failed: boolean; told: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ["--conditions=source", program, ...args], (error, stdout, stderr) =>
      resolve({ failed: error !== null, told: `${stdout}${stderr}` }),
    );
  });
}

test("what a run left behind can be checked again, without running it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tidemark-check-"));
  try {
    const run: RunRecord = {
      plan: { seed: 77, version: 18, seconds: 0, faults: 0, events: 0, workers: 1, only: undefined, operations: undefined, replica: false, diskMegabytes: 1 },
      startedAt: "2026-01-01T00:00:00.000Z",
      tookSeconds: 1,
      strikes: [],
      processes: 1,
      missing: [],
    };
    const final: FinalState = {
      read: [1],
      altered: [],
      highWaterMark: 1,
      blockers: 0,
      deadlocks: [],
      farewells: [],
      changes: [],
      sessions: [],
      locks: [],
      migrations: [1],
    };
    await writeFile(join(folder, "run.json"), JSON.stringify(run));
    await writeFile(join(folder, "final.json"), JSON.stringify(final));
    // Its second version is not there, nor was a fresh reader given it.
    await writeFile(
      join(folder, "log.jsonl"),
      [
        [1, id(1), "cart-1", 1],
        [2, id(2), "cart-1", 3],
      ]
        .map((line) => `${JSON.stringify(line)}\n`)
        .join(""),
    );
    const { failed, told } = await torture("check", "--folder", folder);
    expect(told).toContain("ANOMALIES in L1");
    expect(told).toContain("--seed 77");
    expect(failed).toBe(true);
    expect(await readFile(join(folder, "report.html"), "utf8")).toContain("cart-1");
    expect((await torture("run", "--folder", folder)).told).toContain("is not empty");
    await writeFile(join(folder, "final.json"), "torn");
    expect((await torture("check", "--folder", folder)).told).toContain("ended with code 1 and no verdict");
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("checking again asks for the folder", async () => {
  const { failed, told } = await torture("check");
  expect([failed, told.includes("check takes the --folder of a run")]).toEqual([true, true]);
});
