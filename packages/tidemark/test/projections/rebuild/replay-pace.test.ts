import pg from "pg";
import { onTestFinished, vi } from "vitest";
import { BackgroundPace } from "../../../src/feed/background-pace.ts";
import { ReplayPace } from "../../../src/projections/rebuild/replay-pace.ts";
import { itemAdded } from "../../support/cart.ts";
import { describe, eventually, expect, test } from "../../support/test.ts";
import { notes } from "./versions.ts";

const never = new AbortController().signal;

function stopClock(): void {
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => void vi.useRealTimers());
}

describe("a handler that is replayed events", () => {
  test("rests before the next ones once it has worked for 2 ms", async () => {
    stopClock();
    const rests: number[] = [];
    const pace = new ReplayPace({ rest: async (since) => void rests.push(performance.now() - since) });
    const work = async (ms: number, replaying: boolean): Promise<void> => {
      const end = await pace.begin(1, never);
      vi.advanceTimersByTime(ms);
      end(replaying);
    };
    await work(50, false);
    await work(1, true);
    expect(rests).toEqual([]);
    await work(1, true);
    await work(10, true);
    expect(rests).toEqual([2]);
    await work(10, false);
    expect(rests).toEqual([2, 10]);
    await work(10, false);
    expect(rests).toEqual([2, 10]);
  });

  test("is one of another version than the first, which nothing serves in place of", async ({ openStore, schema }) => {
    const at = pg.escapeIdentifier(schema);
    const rest = vi.spyOn(BackgroundPace.prototype, "rest").mockResolvedValue();
    onTestFinished(() => rest.mockRestore());
    const store = await openStore();
    for (let n = 0; n < 20; n++) await store.appendToStream("cart-1", [itemAdded("tea", 1, 1)]);
    const resting: number[] = [];
    for (const version of [1, 2]) {
      await using worker = store.createWorker({ projections: [notes(version, at, { mode: "async" })] });
      await worker.start();
      await worker.caughtUp();
      await eventually(async () => expect(await store.projections.get("notes", { version })).toMatchObject({ serving: true }));
      resting.push(rest.mock.calls.length);
    }
    expect(resting[0]).toBe(0);
    expect(resting[1]).toBeGreaterThan(0);
  });
});
