import { defineConsumer, type FollowerState } from "tidemark";
import { figuresBetween } from "../../src/cli/commands/metrics.ts";
import { itemAdded } from "../support/cart.ts";
import { openTransaction } from "../support/open-transaction.ts";
import { describe, expect, test as base } from "../support/test.ts";
import { documentOf, type Ended, inside } from "./run.ts";

const test = base.extend(
  "metrics",
  ({ databaseUrl, schema }) =>
    (args: readonly string[] = []): Promise<Ended> =>
      inside(["metrics", "--url", databaseUrl, "--schema", schema, "--for", "50", ...args]),
);

describe("tidemark metrics", () => {
  test("shows the mark, who holds it back, and how far each follower is", async ({ store, metrics }) => {
    const worker = store.createWorker({ consumers: [defineConsumer({ name: "mailer", handle() {} })] });
    await worker.start();
    await worker.stop();
    await store.appendToStream("cart-1", [itemAdded(), itemAdded()]);
    {
      await using _held = await openTransaction(store, (tx) => tx.appendToStream("cart-2", [itemAdded()]));
      const { code, stdout } = await metrics();
      expect(code).toBe(0);
      expect(stdout).toMatch(/^mark at 2, 0 positions a second\nheld back by backend \d+ for [\d.]+ s; 0 events behind it\nkind /);
      expect(stdout).toMatch(/^consumer +mailer +stopped +0 +2 +[\d.]+ s +0 +never +0$/m);
      const json = documentOf(await metrics(["--json"]));
      expect(json).toMatchObject({
        mark: { position: 2, positionsPerSecond: 0, heldBy: [{ events: 0 }] },
        followers: [{ kind: "consumer", name: "mailer", version: null, state: "stopped", lagEvents: 2, positionsPerSecond: 0, drainMs: null }],
      });
    }
  });
});

test("the pace is that between two looks, and what never catches up at it says so", () => {
  const follower = (name: string, position: number, lagEvents: number): FollowerState => ({
    kind: "consumer",
    name,
    version: null,
    tenant: "",
    state: "live",
    paused: false,
    live: false,
    position,
    lagEvents,
    lagMs: 0,
    deadLetters: 0,
    forked: 0,
    error: null,
  });
  const before = { at: 1_000, mark: 1_000, followers: [follower("fast", 0, 1_000), follower("slow", 0, 1_000)] };
  const after = { at: 3_000, mark: 1_200, followers: [follower("fast", 600, 600), follower("slow", 100, 1_100), follower("new", 50, 1_150)] };
  expect(figuresBetween(before, after, [])).toMatchObject({
    mark: { position: 1_200, positionsPerSecond: 100 },
    followers: [
      { name: "fast", positionsPerSecond: 300, drainMs: 3_000 },
      { name: "slow", positionsPerSecond: 50, drainMs: null },
      { name: "new", positionsPerSecond: 0, drainMs: null },
    ],
  });
});
