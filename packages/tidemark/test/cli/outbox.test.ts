import { defineRelay } from "tidemark";
import { describe, expect, test as base } from "../support/test.ts";
import { documentOf, documentsOf, type Ended, inside, type InsideOptions } from "./run.ts";

/** Two messages that a relay has published, and one that it has not. */
const test = base.extend("outbox", async ({ store, databaseUrl, schema }) => {
  const publish = async (key: string, topic = "mail"): Promise<void> => void (await store.transaction((tx) => tx.publish({ topic, key, payload: { key } })));
  await publish("ada");
  await publish("bob", "audit");
  const relay = defineRelay({ name: "out", source: "outbox", to: { name: "memory", publish: async () => {}, close: async () => {} } });
  const worker = store.createWorker({ relays: [relay] });
  await worker.start();
  await worker.caughtUp();
  await worker.stop();
  await publish("eve");
  return (args: readonly string[], options?: InsideOptions): Promise<Ended> =>
    inside(["outbox", ...args, "--schema", schema], { ...options, env: { DATABASE_URL: databaseUrl } });
});

describe("tidemark outbox", () => {
  test("lists messages with their state, those that are asked for, as JSON too", async ({ outbox }) => {
    const { stdout } = await outbox(["list"]);
    expect(
      stdout.split("\n").map((line) =>
        line
          .trim()
          .split(/\s+/)
          .filter((_, at) => at === 1 || at === 3 || at === 4),
      ),
    ).toEqual([["state", "at", "topic"], ["published", "mail", "ada"], ["published", "audit", "bob"], ["pending", "mail", "eve"], []]);
    expect(documentsOf(await outbox(["list", "--state", "published", "--topic", "mail", "--json"]))).toMatchObject([
      { key: "ada", payload: { key: "ada" }, headers: {}, state: "published" },
    ]);
    expect((await outbox(["list", "--limit", "1"])).stderr).toBe("There may be more than these 1: see --limit and --after.\n");
    expect(await outbox(["list", "--key", "zoe"])).toEqual({ code: 0, stdout: "", stderr: "There are no messages.\n" });
    expect(await outbox(["list", "--state", "done"])).toMatchObject({ code: 2 });
  });

  test("counts them", async ({ outbox }) => {
    expect((await outbox(["stats"])).stdout).toMatch(/^pending {4}1\npublished {2}2\nfailed {5}0\nparked {5}0\nThe oldest pending message is of 2/);
    expect(documentOf(await outbox(["stats", "--json"]))).toEqual({ pending: 1, published: 2, failed: 0, parked: 0, oldestPendingAt: expect.any(String) });
  });

  test("removes published ones, after asking: not the one that a checkpoint stands at", async ({ outbox }) => {
    expect(await outbox(["clean-up"])).toMatchObject({ code: 2, stderr: expect.stringContaining("of more than 7 days would be removed") });
    expect(documentOf(await outbox(["clean-up", "--yes", "--json"]))).toEqual({ removed: 0 });
    expect((await outbox(["clean-up", "--yes", "--keep-days", "0"])).stdout).toBe("1 message is removed.\n");
    expect((await outbox(["stats"])).stdout).toContain("published  1");
  });
});
