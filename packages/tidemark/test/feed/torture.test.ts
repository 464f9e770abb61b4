import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { inject } from "vitest";
import { describe, eventually, expect, test } from "../support/test.ts";
import { subscribers } from "./subscribers.ts";
import { drain, followByMark, followNaively, judge } from "./follower.ts";
import { canFreeze, freezeBackends } from "./freeze.ts";
import { openStore } from "./open.ts";
import type { Orders } from "./torture-writer.ts";

const seed = 20_261_120;
const seconds = 8;

async function startWriter(orders: Orders): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL("torture-writer.ts", import.meta.url)), { execArgv: ["--conditions=source"] });
  child.send(orders);
  await once(child, "message");
  return child;
}

/** Returns how many events the writer committed. */
async function stopWriter(child: ChildProcess): Promise<number> {
  const answer = once(child, "message");
  child.send("stop");
  const [committed] = await answer;
  return Number(committed);
}

describe("beside twelve connections in three processes, with rollbacks, savepoints, pauses and frozen backends,", () => {
  test("readers by the mark lose, double and reorder nothing, and a naive one loses", async ({ databaseUrl, sql, schema }) => {
    await using one = await openStore(databaseUrl, schema);
    await using two = await openStore(databaseUrl, schema);
    const followers = [followByMark(one), followByMark(two), followNaively(sql, schema)];
    const elsewhere = new pg.Pool({ connectionString: inject("serverUrl"), max: 2 });
    const writers = await Promise.all([1, 2, 3].map((n) => startWriter({ url: databaseUrl, schema, seed: seed + n, connections: 4 })));
    try {
      const over = new AbortController();
      const freezing = canFreeze ? freezeBackends(elsewhere, new URL(databaseUrl).pathname.slice(1), seed, over.signal) : undefined;
      const following = followers.map(async (follower) => {
        while (!over.signal.aborted) await follower.poll();
      });
      const subscribed = subscribers(one, two, seed);
      await elsewhere.query("select pg_sleep($1)", [seconds]);
      const committed = (await Promise.all(writers.map(stopWriter))).reduce((sum, count) => sum + count, 0);
      over.abort();
      const frozen = await freezing;
      await Promise.all(following);
      await Promise.all(followers.map(drain));

      const log = followNaively(sql, schema);
      await drain(log);
      const [first, second, naive] = followers.map(({ seen }) => judge(log.seen, seen));
      console.log(`Seed ${seed}: ${committed} events, ${frozen ?? "no"} freezes; the naive reader lost ${naive?.lost}.`);
      expect(log.seen.length).toBe(committed);
      for (const { name, wants, stop, seen } of subscribed) {
        const wanted = log.seen.filter(wants).map(({ position }) => position);
        await eventually(() => expect(seen.length).toBeGreaterThanOrEqual(wanted.length));
        await stop();
        expect(seen, `of the subscriber that is ${name}`).toEqual(wanted);
      }
      expect(first).toEqual({ lost: 0, doubled: 0, disordered: 0 });
      expect(second).toEqual({ lost: 0, doubled: 0, disordered: 0 });
      expect(naive?.lost).toBeGreaterThan(0);
    } finally {
      for (const child of writers) child.kill("SIGKILL");
      await elsewhere.end();
    }
  });
});
