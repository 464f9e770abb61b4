import { Signal } from "../../src/async/signal.ts";
import { describe, expect, test } from "../support/test.ts";

const never = new Promise<never>(() => {});

describe("a signal", () => {
  test("that was raised while nobody waited ends one wait, and no second", async () => {
    const signal = new Signal();
    signal.raise();
    signal.raise();
    await expect(signal.wait()).resolves.toBe(true);
    await expect(signal.wait({ ms: 1 })).resolves.toBe(false);
  });

  test("that was cleared was never raised", async () => {
    const signal = new Signal();
    signal.raise();
    signal.clear();
    await expect(signal.wait({ other: Promise.resolve() })).resolves.toBe(false);
  });

  test("wakes all who wait, and is not raised for those who come then", async () => {
    const signal = new Signal();
    const waiting = [signal.wait({ other: never }), signal.wait()];
    signal.raise();
    await expect(Promise.all(waiting)).resolves.toEqual([true, true]);
    await expect(signal.wait({ ms: 1 })).resolves.toBe(false);
  });

  test("keeps what is raised after a wait for the next one, though a limit of the first is reached later", async () => {
    const signal = new Signal();
    const other = Promise.withResolvers<void>();
    const first = signal.wait({ other: other.promise });
    signal.raise();
    await first;
    signal.raise();
    other.resolve();
    await other.promise;
    await expect(signal.wait({ ms: 1 })).resolves.toBe(true);
  });

  test("gives up at an abort, before the wait and during it", async () => {
    const signal = new Signal();
    const ending = new AbortController();
    const waiting = signal.wait({ abort: ending.signal });
    ending.abort();
    await expect(waiting).resolves.toBe(false);
    await expect(signal.wait({ abort: ending.signal })).resolves.toBe(false);
  });
});
