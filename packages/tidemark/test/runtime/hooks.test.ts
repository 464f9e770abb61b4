import { defineConsumer, type WorkerDefinition } from "tidemark";
import { confirmed, itemAdded } from "../support/cart.ts";
import { recordLogs } from "../store/test.ts";
import { describe, eventually, expect, test } from "./test.ts";

describe("a worker's hooks", () => {
  test("run before its first event and after its last one, each time it is started", async ({ store }) => {
    const steps: string[] = [];
    await store.appendToStream("cart-1", [itemAdded()]);
    const worker = store.createWorker({
      consumers: [defineConsumer({ name: "c", handle: ({ position }) => void steps.push(`handled ${position}`) })],
      async onStart() {
        await Promise.resolve();
        steps.push("start");
      },
      onStop: () => void steps.push("stop"),
    });
    await worker.start();
    await worker.caughtUp();
    await worker.stop();
    await worker.stop();
    expect(steps).toEqual(["start", "handled 1", "stop"]);
    await worker.start();
    await worker.stop();
    expect(steps).toEqual(["start", "handled 1", "stop", "start", "stop"]);
  });

  test("keep it from starting with what onStart throws, and do not keep a store from closing", async ({ openStore }) => {
    const { logger, lines } = recordLogs();
    const store = await openStore({ logger });
    const stopped: string[] = [];
    const definition = (more: WorkerDefinition): WorkerDefinition => ({
      consumers: [defineConsumer({ name: "c", handle: () => {} })],
      onStop: () => void stopped.push("stop"),
      ...more,
    });
    const refused = store.createWorker(
      definition({
        onStart() {
          throw new Error("no mail server");
        },
      }),
    );
    await expect(refused.start()).rejects.toThrow("no mail server");
    await refused.stop();
    expect([stopped, await store.consumers.list()]).toEqual([[], []]);
    const worker = store.createWorker(
      definition({
        onStop() {
          throw new Error("no goodbye");
        },
      }),
    );
    await worker.start();
    await store.close();
    expect(lines).toContainEqual(expect.stringContaining("onStop of a worker threw:"));
  });
});

test("a worker counts what it handled, tried again and parked, for each consumer", async ({ store, start }) => {
  let broken = true;
  await store.appendToStream("cart-1", [itemAdded(), confirmed]);
  await store.appendToStream("cart-2", [itemAdded()]);
  const { worker } = await start([
    defineConsumer({
      name: "picky",
      retry: { attempts: 3, minDelayMs: 0 },
      handle({ streamId }) {
        if (broken && streamId === "cart-1") throw new Error("not now");
      },
    }),
    defineConsumer({ name: "all", handleBatch: () => {} }),
  ]);
  expect(worker.counts().map(({ name, kind }) => `${kind} ${name}`)).toEqual(["consumer picky", "consumer all"]);
  await worker.caughtUp();
  expect(worker.counts()).toEqual([
    { name: "picky", kind: "consumer", handled: 1, retried: 2, parked: 2 },
    { name: "all", kind: "consumer", handled: 3, retried: 0, parked: 0 },
  ]);
  broken = false;
  const [first] = await store.deadLetters.list();
  if (first) await store.deadLetters.retry(first);
  await eventually(() => expect(worker.counts()[0]).toMatchObject({ handled: 3, retried: 2, parked: 2 }));
});
