import { AcquireTimeout, Semaphore } from "../../src/async/semaphore.ts";
import { describe, expect, test } from "../support/test.ts";

describe("a semaphore", () => {
  test("gives permits in turn, as many as there are, and an abort gives up the place", async () => {
    const permits = new Semaphore(1);
    const { signal } = new AbortController();
    const release = await permits.acquire({ signal });
    const leaving = new AbortController();
    const left = permits.acquire({ signal: leaving.signal });
    const waiting = permits.acquire({ signal });
    leaving.abort("gone");
    await expect(left).rejects.toBe("gone");
    release();
    // Twice is once.
    release();
    const second = await waiting;
    let third = false;
    const last = permits.acquire({ signal }).then((free) => {
      third = true;
      return free;
    });
    await Promise.resolve();
    expect(third).toBe(false);
    second();
    (await last)();
  });

  test("gives up a place that has waited for too long", async () => {
    const permits = new Semaphore(1);
    const release = await permits.acquire();
    await expect(permits.acquire({ timeoutMs: 1 })).rejects.toThrow(AcquireTimeout);
    const next = permits.acquire();
    release();
    (await next)();
    (await permits.acquire({ timeoutMs: 1 }))();
  });

  test("gives nothing to one that was aborted before", async () => {
    const permits = new Semaphore(1);
    await expect(permits.acquire({ signal: AbortSignal.abort("gone") })).rejects.toBe("gone");
    (await permits.acquire())();
  });

  test("runs tasks one after another, and a failure stops none", async () => {
    const permits = new Semaphore(1);
    const order: number[] = [];
    const failing = permits.run(async () => {
      await Promise.resolve();
      order.push(1);
      throw new Error("refused");
    });
    const second = permits.run(async () => order.push(2));
    await expect(failing).rejects.toThrow("refused");
    await second;
    expect(order).toEqual([1, 2]);
  });
});
