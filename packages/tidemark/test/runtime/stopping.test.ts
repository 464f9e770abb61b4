import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { defineConsumer } from "tidemark";
import { itemAdded } from "../support/cart.ts";
import { describe, expect, gate, test } from "./test.ts";

describe("a worker that stops", () => {
  test("finishes the event in hand, writes the checkpoint and begins no other", async ({ store, start }) => {
    const { position } = await store.appendToStream("cart-1", [itemAdded(), itemAdded(), itemAdded()]);
    const [inside, go] = [gate(), gate()];
    const seen: number[] = [];
    const { worker } = await start(
      defineConsumer({
        name: "c",
        async handle({ version }) {
          inside.open();
          await go.opened;
          seen.push(version);
        },
      }),
    );
    await inside.opened;
    const stopped = worker.stop();
    go.open();
    await stopped;
    expect(seen).toEqual([1]);
    expect(await store.consumers.get("c")).toMatchObject({ state: "stopped", shards: [{ position: position - 2, leaseEnd: undefined }] });
    // Again, and from the start.
    await worker.stop();
    await worker.start();
    await worker.caughtUp();
    expect(seen).toEqual([1, 2, 3]);
  });

  test("aborts a handler that takes too long, whose event comes again", async ({ store, start, effects }) => {
    const { position } = await store.appendToStream("cart-1", [itemAdded()]);
    const [inside, never] = [gate(), gate()];
    let reason: unknown;
    const slow = defineConsumer({
      name: "c",
      async handle(event, context) {
        await effects.write(event, context);
        context.signal.addEventListener("abort", () => (reason = context.signal.reason));
        inside.open();
        if (context.fence === 1) await never.opened;
      },
    });
    const { worker, errors } = await start(slow);
    await inside.opened;
    await worker.stop({ timeoutMs: 20 });
    expect(reason).toBeInstanceOf(Error);
    expect(errors).toEqual([]);
    expect(await effects.positions()).toEqual([]);
    const next = await start(slow);
    await next.worker.caughtUp();
    expect(await effects.positions()).toEqual([position]);
    expect(await store.deadLetters.list()).toEqual([]);
  });

  test("does so when its store closes", async ({ openStore, store, start, effects }) => {
    const other = await openStore();
    await other.appendToStream("cart-1", [itemAdded()]);
    const [inside, go] = [gate(), gate()];
    const { errors } = await start(
      defineConsumer({
        name: "c",
        async handle(event, context) {
          inside.open();
          await go.opened;
          await effects.write(event, context);
        },
      }),
      { on: other },
    );
    await inside.opened;
    const closed = other.close();
    go.open();
    await closed;
    expect(await effects.positions()).toHaveLength(1);
    expect(await store.consumers.get("c")).toMatchObject({ state: "stopped", lag: { events: 0 } });
    expect(errors).toEqual([]);
  });
});

describe("run", () => {
  test.for(["SIGTERM", "SIGINT"] as const)(
    "stops in order at %s, after which nothing keeps the process alive",
    async (signal, { store, schema, databaseUrl }) => {
      await store.appendToStream("cart-1", [itemAdded()]);
      const program = `
      const { openEventStore, defineConsumer } = await import("tidemark");
      const store = await openEventStore(process.env.URL, { schema: process.env.SCHEMA });
      const consumer = defineConsumer({ name: "c", handle: () => process.kill(process.pid, "${signal}") });
      await store.createWorker({ consumers: [consumer] }).run();
      const { state, lag } = await store.consumers.get("c");
      console.log(state, lag.events);
      await store.close();`;
      const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--conditions=source", "--eval", program], {
        env: { ...process.env, NODE_OPTIONS: "", URL: databaseUrl, SCHEMA: schema },
        cwd: import.meta.dirname,
        timeout: 200_000,
      });
      expect(stdout).toBe("stopped 0\n");
    },
  );

  test("stops without waiting at the second signal", async ({ store, schema, databaseUrl }) => {
    await store.appendToStream("cart-1", [itemAdded()]);
    const program = `
      const { openEventStore, defineConsumer } = await import("tidemark");
      const store = await openEventStore(process.env.URL, { schema: process.env.SCHEMA });
      const consumer = defineConsumer({ name: "c", async handle() {
        process.kill(process.pid, "SIGTERM");
        setTimeout(() => process.kill(process.pid, "SIGTERM"), 20);
        await new Promise(() => {});
      } });
      await store.createWorker({ consumers: [consumer] }).run({ timeoutMs: 600_000 });
      console.log("stopped", (await store.consumers.get("c")).lag.events);
      await store.close();`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--conditions=source", "--eval", program], {
      env: { ...process.env, NODE_OPTIONS: "", URL: databaseUrl, SCHEMA: schema },
      cwd: import.meta.dirname,
      timeout: 200_000,
    });
    expect(stdout).toBe("stopped 1\n");
  });
});
