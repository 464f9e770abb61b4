import { describe, expect, test } from "vitest";
import { Lifecycle, type LifecyclePart } from "../../src/async/lifecycle.ts";

/** A part that writes down what is asked of it. */
function part(name: string, log: string[], failing?: keyof LifecyclePart): LifecyclePart {
  const step = (what: keyof LifecyclePart) => async (): Promise<void> => {
    log.push(`${what} ${name}`);
    if (failing === what) throw new Error(`${what} of ${name}`);
  };
  return { start: step("start"), drain: step("drain"), stop: step("stop") };
}

describe("a lifecycle", () => {
  test("starts parts from the bottom up, drains and stops them from the top down, each once", async () => {
    const log: string[] = [];
    const lifecycle = new Lifecycle([[part("database", log)], [part("feed", log), part("workers", log)]]);
    await lifecycle.start();
    expect(log.splice(0)).toEqual(["start database", "start feed", "start workers"]);
    await Promise.all([lifecycle.close(), lifecycle.close()]);
    expect(log).toEqual(["drain feed", "drain workers", "drain database", "stop feed", "stop workers", "stop database"]);
  });

  test("lets a lower layer drain once all above it have", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const log: string[] = [];
    const closing = new Lifecycle([[part("database", log)], [{ drain: () => promise }, part("appends", log)]]).close();
    await new Promise(setImmediate);
    expect(log).toEqual(["drain appends"]);
    resolve();
    await closing;
    expect(log).toEqual(["drain appends", "drain database", "stop appends", "stop database"]);
  });

  test("refuses what is new before close returns to its caller", () => {
    let refuses = false;
    const drain = async (): Promise<void> => {
      refuses = true;
    };
    void new Lifecycle([[{ drain }]]).close();
    expect(refuses).toBe(true);
  });

  test("gives each step what is left of the time", async () => {
    const times: (number | undefined)[] = [];
    const step = async (timeoutMs?: number): Promise<void> => void times.push(timeoutMs);
    await new Lifecycle([[{ drain: step, stop: step }]]).close(1_000);
    await new Lifecycle([[{ drain: step }]]).close();
    expect(times).toEqual([expect.any(Number), expect.any(Number), undefined]);
    expect(times[0]).toBeLessThanOrEqual(1_000);
    expect(times[1]).toBeLessThanOrEqual(times[0] ?? 0);
  });

  test("ends every part where one fails, and then says so", async () => {
    const log: string[] = [];
    const lifecycle = new Lifecycle([[part("database", log)], [part("feed", log, "drain"), part("workers", log)]]);
    await expect(lifecycle.close()).rejects.toThrow("drain of feed");
    expect(log).toHaveLength(6);
  });

  test("closes what it had started where a start fails", async () => {
    const log: string[] = [];
    const lifecycle = new Lifecycle([[part("database", log)], [part("workers", log, "start")]]);
    await expect(lifecycle.start()).rejects.toThrow("start of workers");
    expect(log.slice(2)).toEqual(["drain workers", "drain database", "stop workers", "stop database"]);
  });
});
