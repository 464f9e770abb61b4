import { describe, expect, test } from "vitest";
import { SwapSchedule } from "../../../src/projections/rebuild/swap-schedule.ts";

describe("a version that is to serve by itself is looked at again", () => {
  test("within seconds where others were in its way, however often that was", () => {
    const schedule = new SwapSchedule();
    const waits = Array.from({ length: 50 }, () => schedule.waitMs("busy"));
    expect(waits[0]).toBeLessThanOrEqual(100);
    expect(Math.max(...waits)).toBeLessThanOrEqual(5_000);
    expect(waits.at(-1)).toBeGreaterThanOrEqual(2_500);
  });

  test("ever more rarely, up to a minute, where something has to be mended first", () => {
    const schedule = new SwapSchedule();
    const waits = Array.from({ length: 50 }, () => schedule.waitMs("failed"));
    expect(waits[0]).toBeLessThanOrEqual(100);
    expect(waits.at(-1)).toBeGreaterThanOrEqual(30_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(60_000);
  });

  test("soon after something else came of the look before", () => {
    const schedule = new SwapSchedule();
    for (let looks = 0; looks < 50; looks++) schedule.waitMs("failed");
    expect(schedule.waitMs("busy")).toBeLessThanOrEqual(100);
    for (let looks = 0; looks < 50; looks++) schedule.waitMs("busy");
    expect(schedule.waitMs("later")).toBeLessThanOrEqual(1_000);
    expect(schedule.waitMs("failed")).toBeLessThanOrEqual(100);
  });

  test("once a second at most while it is built, and every five seconds where nobody wants it to serve by itself", () => {
    const schedule = new SwapSchedule();
    const waits = Array.from({ length: 50 }, () => schedule.waitMs("later"));
    expect(waits[0]).toBeLessThanOrEqual(50);
    expect(waits.at(-1)).toBeGreaterThanOrEqual(500);
    expect(Math.max(...waits)).toBeLessThanOrEqual(1_000);
    expect(schedule.waitMs("unwanted")).toBe(5_000);
  });
});
