import { startServer } from "@tidemark/servers";
import pg from "pg";
import { defineConsumer, openEventStore } from "tidemark";
import { documentOf, inside } from "../cli/run.ts";
import { describe, eventually, expect, test as base } from "../support/test.ts";

const logger = { debug() {}, info() {}, warn() {}, error() {} };

/** `small`: the URL of a server of its own with 20 connections, of which 3 are reserved. */
const test = base.extend("small", { scope: "file" }, async ({}, { onCleanup }) => {
  const server = await startServer({ settings: { fsync: "off", max_connections: 20 } });
  onCleanup(() => server[Symbol.asyncDispose]());
  const store = await openEventStore(server.url, { logger });
  await store.close();
  return server.url;
});

describe("the budget of connections", () => {
  test("is that of processes and their pools, beside what others have", async ({ small }) => {
    const others = new pg.Pool({ connectionString: small, application_name: "reports", max: 4 });
    const clients = await Promise.all([1, 2, 3, 4].map(() => others.connect()));
    await using store = await openEventStore(small, { pool: { max: 3 }, logger });
    const lone = { limit: 17, room: 13, ofOneProcess: 6, processes: 1, wanted: 6, fit: 2 };
    expect(await store.connectionBudget()).toMatchObject(lone);
    expect((await store.connectionBudget()).applications[0]).toEqual({ name: "reports", connections: 4 });
    expect(await store.connectionBudget({ processes: 3 })).toMatchObject({ ...lone, processes: 3, wanted: 18 });
    expect(await store.connectionBudget({ processes: 3, poolMax: 1 })).toMatchObject({ ofOneProcess: 4, wanted: 12, fit: 3 });
    await expect(store.connectionBudget({ processes: 0 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path: "options.processes" });
    for (const client of clients) client.release();
    await others.end();
  });

  test("counts the processes that listen, where nobody says how many there are", async ({ small }) => {
    const open = () => openEventStore(small, { pool: { max: 1 }, logger });
    await using one = await open();
    await using two = await open();
    const workers = [one, two].map((store, n) => store.createWorker({ consumers: [defineConsumer({ name: `mailer-${n}`, handle() {} })] }));
    for (const worker of workers) await worker.start();
    await eventually(async () => expect(await one.connectionBudget()).toMatchObject({ ofOneProcess: 4, processes: 2, wanted: 8 }));
    for (const worker of workers) await worker.stop();
  });

  test("of an embedded database is its one connection", async () => {
    await using store = await openEventStore({ logger });
    expect(await store.connectionBudget({ processes: 9 })).toMatchObject({ limit: 1, processes: 1, wanted: 1 });
    expect(store.metrics().pool).toMatchObject({ max: 1, most: 1 });
  });

  test("that is too small is found by the doctor, and shown by the command's metrics", async ({ small }) => {
    await using store = await openEventStore(small, { pool: { max: 3 }, logger });
    expect(store.metrics().pool).toMatchObject({ max: 3, most: 6 });
    // Sessions of the tests before take a moment to end.
    await eventually(async () => expect(await store.connectionBudget()).toMatchObject({ room: 17, processes: 1 }));
    const found = async (processes: number): Promise<readonly unknown[]> =>
      (await store.doctor({ processes })).filter(({ code }) => code === "connections-overbooked");
    expect(await found(2)).toEqual([]);
    expect(await found(3)).toMatchObject([
      {
        severity: "warning",
        what: "3 processes with up to 6 connections each want 18, and the server has 17 for them.",
        mend: expect.stringContaining("pool.max"),
      },
    ]);
    const at = ["--url", small];
    const { code, stdout } = await inside(["doctor", ...at, "--processes", "3", "--pool-max", "3"]);
    expect([code, stdout]).toEqual([1, expect.stringContaining("warning: connections-overbooked\n  3 processes with up to 6")]);
    expect((await inside(["doctor", ...at, "--processes", "2", "--pool-max", "3"])).stdout).not.toContain("overbooked");

    const metrics = ["metrics", ...at, "--for", "1"];
    expect((await inside(metrics)).stdout).toMatch(/^\d+ of 17 connections are taken: \d+ tidemark.*\. A process with a pool of 10 takes up to 13: 1 fits\.$/m);
    expect(documentOf(await inside([...metrics, "--json", "--pool-max", "3"]))).toMatchObject({ connections: { limit: 17, ofOneProcess: 6, fit: 2 } });
  });
});
