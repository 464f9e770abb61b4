import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { Session } from "../../../src/database/database.ts";
import { HeldBack } from "../../../src/projections/rebuild/held-back.ts";

/** Waits for a version whose distances from the one that serves are these, one after the other and then the last. Returns how often it looked. */
async function waitedFor(distances: readonly number[]): Promise<number> {
  let looks = 0;
  const query: Session["query"] = ({ name }) =>
    Promise.resolve(name === "tidemark_version_lag" ? [{ lag: String(distances[Math.min(looks++, distances.length - 1)]) }] : []);
  const waiting = new HeldBack("store", { name: "counts", version: 2 }).wait({ query }, 1);
  await vi.advanceTimersByTimeAsync(60_000);
  await waiting;
  return looks;
}

describe("the follower of the version that serves is held back", () => {
  test("until the other one is as far, for as long as that comes nearer", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    expect(await waitedFor([0])).toBe(1);
    const nearer = Array.from({ length: 300 }, (_, index) => 299 - index);
    expect(await waitedFor(nearer)).toBe(300);
  });

  test("for a moment where the other one does not move, and for a few seconds at most", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    expect(await waitedFor([7])).toBe(150);
    const slow = Array.from({ length: 10_000 }, (_, index) => 10_000 - index);
    expect(await waitedFor(slow)).toBe(500);
  });
});
