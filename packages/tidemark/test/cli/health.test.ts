import { defineConsumer } from "tidemark";
import { itemAdded } from "../support/cart.ts";
import { describe, expect, test as base } from "../support/test.ts";
import { documentOf, type Ended, inside } from "./run.ts";

const test = base.extend(
  "health",
  ({ databaseUrl, schema }) =>
    (args: readonly string[] = []): Promise<Ended> =>
      inside(["health", "--url", databaseUrl, "--schema", schema, ...args]),
);

describe("tidemark health", () => {
  test("prints each check, and exits by the worst", async ({ store, health }) => {
    const worker = store.createWorker({ consumers: [defineConsumer({ name: "mailer", handle() {} })] });
    await worker.start();
    await worker.stop();
    await store.appendToStream("cart-1", [itemAdded(), itemAdded()]);
    // The server of the tests is not durable.
    const { code, stdout, stderr } = await health(["--max-lag", "mailer=1"]);
    expect(code).toBe(1);
    expect(stderr).toBe("The store is failing.\n");
    expect(stdout).toMatch(/^check +status +value +limit +advice\nstore +ok +open +-\n/);
    expect(stdout).toMatch(/^durability +failing +synchronous_commit on, fsync off, full_page_writes off +- +fsync is off: /m);
    expect(stdout).toMatch(/^lag of mailer +failing +2 +1 +No worker runs it: start one\.$/m);
    const json = await health(["--max-lag", "mailer=5", "--json"]);
    expect(documentOf(json)).toMatchObject({
      live: true,
      ready: true,
      status: "failing",
      checks: expect.arrayContaining([expect.objectContaining({ name: "mark", status: "ok" })]),
    });
  });

  test("refuses a limit that is none", async ({ store, health }) => {
    await store.highWaterMark();
    for (const limit of ["mailer", "=5", "mailer=soon"])
      expect(await health(["--max-lag", limit])).toMatchObject({ code: 2, stderr: expect.stringContaining("--max-lag") });
    expect(await health(["--max-leg", "mailer=5"])).toMatchObject({ code: 2, stderr: expect.stringContaining("Did you mean --max-lag?") });
  });
});
