import { once } from "node:events";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { defineRelay } from "tidemark";
import { afterAll } from "vitest";
import { describe, eventually, expect, test as base } from "../support/test.ts";
import { MemoryBroker } from "../relays/test.ts";
import { documentOf, documentsOf, type Ended, inside, type InsideOptions, start } from "./run.ts";

/** A relay that has published two events, and one that its broker refused. */
const test = base.extend("relays", async ({ openStore, databaseUrl, schema }) => {
  const store = await openStore();
  for (const stream of ["cart-1", "cart-2", "cart-3"]) await store.appendToStream(stream, [{ type: "Noted", data: {} }]);
  const broker = new MemoryBroker();
  broker.refuses = ({ key }) => key === "cart-2";
  const worker = store.createWorker({ relays: [defineRelay({ name: "orders-out", to: broker })], onError: () => {} });
  await worker.start();
  await worker.caughtUp();
  const command = (args: readonly string[], options?: InsideOptions): Promise<Ended> =>
    inside([...args, "--schema", schema], { ...options, env: { DATABASE_URL: databaseUrl } });
  return { command, store, broker, worker };
});

describe("tidemark relays", () => {
  test("lists and shows relays, with what they were refused", async ({ relays: { command } }) => {
    const { code, stdout, stderr } = await command(["relays", "list"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^relay +state +events behind +seconds behind +shards +workers +dead letters +last error\norders-out +live +0 +0 +1 +1 +1\n$/);
    expect(documentsOf(await command(["relays", "list", "--json"]))).toMatchObject([{ name: "orders-out", deadLetters: 1 }]);
    expect((await command(["relays", "show", "orders-out"])).stdout).toMatch(/^relay +orders-out$/m);
    expect((await command(["relays", "show", "order-out"])).stderr).toContain('Did you mean "orders-out"?');
  });

  test("pauses, resumes and resets one", async ({ relays: { command, store, broker, worker } }) => {
    expect(documentOf(await command(["relays", "pause", "orders-out", "--reason", "work", "--by", "ada", "--json"]))).toMatchObject({
      paused: true,
      pause: { reason: "work", by: "ada" },
    });
    expect((await command(["relays", "resume", "orders-out"])).stdout).toBe("orders-out is resumed.\n");
    await worker.stop();
    expect((await command(["relays", "reset", "orders-out", "--after", "beginning"])).code).toBe(2);
    expect((await command(["relays", "reset", "orders-out", "--after", "beginning", "--yes"])).stdout).toBe("orders-out continues after position 0.\n");
    broker.refuses = () => false;
    await worker.start();
    await worker.caughtUp();
    expect(broker.positions()).toEqual([1, 3, 1, 2, 3]);
    expect(await store.deadLetters.list()).toEqual([]);
  });

  test("has its dead letters looked at and tried again, by their kind", async ({ relays: { command, store, broker } }) => {
    expect((await command(["dead-letters", "list", "--consumer", "orders-out", "--kind", "relay"])).stdout).toMatch(/^orders-out +2 +failed/m);
    expect((await command(["dead-letters", "list", "--kind", "consumer"])).stdout).toBe("");
    broker.refuses = () => false;
    expect((await command(["dead-letters", "retry", "orders-out", "--all", "--kind", "relay"])).code).toBe(0);
    await eventually(async () => expect(await store.deadLetters.list()).toEqual([]));
    expect(broker.positions()).toEqual([1, 3, 2]);
  });
});

describe("tidemark relay", () => {
  const folder = join(import.meta.dirname, `.relay-${process.pid}`);
  const module = async (text: string): Promise<string> => {
    await mkdir(folder, { recursive: true });
    const file = join(folder, "relays.ts");
    await writeFile(file, text);
    return file;
  };
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("runs the relays of a module, and nothing else", async ({ databaseUrl, schema, store }) => {
    await store.appendToStream("cart-1", [{ type: "Noted", data: {} }]);
    const file = await module(`
      import { defineConsumer, defineRelay } from "tidemark";
      export const mailer = defineConsumer({ name: "mailer", handle: () => {} });
      const publish = async ({ key }: { readonly key: string }): Promise<void> => console.error("published " + key);
      export const out = defineRelay({ name: "out", to: { name: "stderr", publish, close: async () => {} } });
    `);
    const child = start(["relay", file, "--json", "--schema", schema], { env: { DATABASE_URL: databaseUrl } });
    const output = { stdout: "", stderr: "" };
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
    try {
      await eventually(() => expect(output.stderr).toContain("published cart-1"));
      await eventually(() => expect(output.stdout).toContain('"relay":"out"'));
      const closed = once(child, "close");
      child.kill("SIGTERM");
      expect(await closed).toEqual([0, null]);
    } finally {
      child.kill("SIGKILL");
    }
    expect(JSON.parse(output.stdout.split("\n")[0] ?? "")).toMatchObject({ report: "started", consumers: [], projections: [], processes: [], relays: ["out"] });
    expect(await store.consumers.list()).toEqual([]);
  });

  test("refuses a module without relays", async ({ databaseUrl, schema, store }) => {
    void store;
    const file = await module('import { defineConsumer } from "tidemark";\nexport default defineConsumer({ name: "mailer", handle: () => {} });');
    const { code, stderr } = await inside(["relay", file, "--schema", schema], { env: { DATABASE_URL: databaseUrl } });
    expect([code, stderr]).toEqual([2, expect.stringContaining("<file> names no relay")]);
  });
});
