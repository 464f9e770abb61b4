import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { SnapshotQueue } from "../../../src/commands/snapshots/queue.ts";
import { emptyCounts } from "../../../src/commands/snapshots/stats.ts";
import { gate } from "../../database/open.ts";

describe("the queue of snapshots", () => {
  test("begins when all who wait for a command have gone on, and takes one at a time", async () => {
    const queue = new SnapshotQueue(emptyCounts());
    const log: string[] = [];
    const first = gate();
    queue.add({
      key: "1",
      run: async () => {
        log.push("1");
        await first.opened;
      },
    });
    queue.add({ key: "2", run: async () => void log.push("2") });
    for (let n = 0; n < 100; n++) await Promise.resolve();
    expect(log).toEqual([]);
    await turn();
    await turn();
    expect([log, queue.pending]).toEqual([["1"], 2]);
    first.open();
    await queue.settled();
    expect([log, queue.pending]).toEqual([["1", "2"], 0]);
  });

  test("holds one of a key, and nothing once it is closed; what runs then is told to stop", async () => {
    const counts = emptyCounts();
    const queue = new SnapshotQueue(counts);
    let runs = 0;
    const job = (key: string) => ({ key, run: async () => void runs++ });
    for (let n = 0; n < 5; n++) queue.add(job("same"));
    await queue.settled();
    expect(runs).toBe(1);
    const stopped = gate();
    queue.add({
      key: "slow",
      run: async (signal) => {
        signal.addEventListener("abort", () => stopped.open());
        await stopped.opened;
      },
    });
    queue.add(job("never"));
    await turn();
    await queue.drain(10);
    queue.add(job("late"));
    await turn();
    expect([runs, queue.pending, counts.dropped]).toEqual([1, 0, 2]);
  });
});
