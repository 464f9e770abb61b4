import { onTestFinished, vi } from "vitest";
import { describe, expect, test } from "./test.ts";

/** A clock that stands still until the test moves it. */
function stopClock(): void {
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => void vi.useRealTimers());
}

const query = [{ tags: ["seat:1"] }];
const seat = { type: "SeatTaken", data: {}, tags: ["seat:1"] };

describe("the mark of a boundary", () => {
  test("is asked for once in 20 ms, however many boundaries are read one after another", async ({ openStore }) => {
    const store = await openStore();
    stopClock();
    const first = await store.readBoundary(query);
    await store.append([seat]);
    expect((await store.readBoundary(query)).boundary).toEqual({ mark: first.boundary.mark, above: 1 });
    vi.advanceTimersByTime(19);
    expect((await store.readBoundary(query)).boundary).toEqual({ mark: first.boundary.mark, above: 1 });
    vi.advanceTimersByTime(1);
    const { events, boundary } = await store.readBoundary(query);
    expect(boundary).toEqual({ mark: events[0]?.position, above: 0 });
    expect(await store.highWaterMark()).toBe(boundary.mark);
  });

  test("may be older than the events: those that were read are allowed, another one is not", async ({ store, openStore }) => {
    const other = await openStore();
    stopClock();
    await store.readBoundary(query);
    for (let taken = 1; taken <= 3; taken++) {
      await other.append([seat]);
      const { events, boundary } = await store.readBoundary(query);
      expect([events.length, boundary.mark]).toEqual([taken, 0]);
      await store.append([{ type: "SeatChecked", data: {}, tags: ["seat:2"] }], { condition: { query, after: boundary } });
    }
    const { boundary } = await store.readBoundary(query);
    const { position } = await other.append([seat]);
    const late = store.append([seat], { condition: { query, after: boundary } });
    await expect(late).rejects.toMatchObject({ code: "CONDITION_FAILED", position });
  });

  test("is never an old one for those who follow or read the log", async ({ store }) => {
    stopClock();
    await store.readBoundary(query);
    const { position } = await store.append([seat]);
    expect(await store.highWaterMark()).toBe(position);
    expect(await store.readAll().toArray()).toHaveLength(1);
  });
});
