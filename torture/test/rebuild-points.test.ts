import { randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { runRebuildPoints } from "../src/crash-points/rebuild/run.ts";
import { scenarios } from "../src/crash-points/rebuild/scenarios.ts";

/** As many as take three quarters of a minute on two cores. `npm run torture -- crash-points` breaks at all of them. */
const cases = 20;

test("a process that breaks while it builds, checks, swaps, rolls back or drops a version leaves documents whole", { timeout: 600_000 }, async () => {
  const seed = Number(process.env["TIDEMARK_TEST_SEED"] ?? randomInt(1, 2 ** 31));
  const done = await runRebuildPoints({ version: 18, scenarios, progress: () => undefined, sample: { cases, seed } });
  expect({ seed, wrong: done.wrong }).toEqual({ seed, wrong: [] });
  expect(done.messages).toHaveLength(8);
  expect(Math.min(...done.messages.map(([, messages]) => messages))).toBeGreaterThan(40);
  // Of those that come again and again some may come less often.
  expect(done.missed).toBeLessThan(cases / 3);
});
