import { Feed } from "../../src/feed/feed.ts";
import type { FollowerState } from "../../src/operations/follower-states.ts";
import { checkFollowers } from "../../src/operations/health/check-followers.ts";
import { checkHealthLimits } from "../../src/operations/health/health-limits.ts";
import { health } from "../../src/operations/health/health.ts";
import { lockRoom } from "../../src/operations/server-room.ts";
import { openDatabase } from "../schema/open.ts";
import { describe, expect, test } from "../support/test.ts";

const logger = { debug() {}, info() {}, warn() {}, error() {} };

/** A consumer that is three events behind for two minutes. */
const behind: FollowerState = {
  kind: "consumer",
  name: "mailer",
  version: null,
  tenant: "",
  state: "live",
  paused: false,
  live: false,
  position: 4,
  lagEvents: 3,
  lagMs: 120_000,
  deadLetters: 0,
  forked: 0,
  error: null,
};

describe("health advises, of what is behind,", () => {
  test.for<[string, Partial<FollowerState>, string]>([
    [
      "to make it faster where it goes on",
      {},
      "Its worker is slower than events are appended: give it more shards and workers, larger batches, or a faster handler.",
    ],
    ["to start a worker where none runs it", { state: "stopped" }, "No worker runs it: start one."],
    ["to look at the error at which it tries again", { state: "retrying", error: "no such host" }, "It tries an event again and again: no such host."],
    ["to resume it where it is paused", { paused: true }, "It is paused: resume it, or give it no limit."],
    [
      "to mend the error at which it stopped",
      { state: "failed", error: "no such host" },
      "It stopped at an event: no such host. Mend the cause, then run: tidemark consumers resume mailer",
    ],
  ])("%s", ([, state, advice]) => {
    const limits = checkHealthLimits({ maxLag: { mailer: 2 } });
    expect(checkFollowers([{ ...behind, ...state }], limits)[0]).toEqual({ name: "lag of mailer", status: "failing", value: 3, limit: 2, advice });
  });

  test("the same after a time as after so many events", () => {
    const limits = checkHealthLimits({ maxLagMs: 60_000 });
    expect(checkFollowers([behind], limits)[0]).toMatchObject({
      status: "degraded",
      advice: expect.stringMatching(/^It has been behind for 120 s\. Its worker is slower/),
    });
    expect(checkFollowers([{ ...behind, lagMs: 60_000 }], limits)[0]).toMatchObject({ status: "ok", advice: null });
  });
});

test("health says of a connection that listens and hears nothing that followers poll, and why", async ({ store, databaseUrl, schema }) => {
  await store.highWaterMark();
  const database = await openDatabase(databaseUrl);
  try {
    const feed = new Feed(database, schema, logger);
    const deaf = {
      highWaterMark: (signal?: AbortSignal) => feed.highWaterMark(signal),
      blockers: () => feed.blockers(),
      metrics: () => ({ ...feed.metrics(), listener: { state: "deaf" as const, followers: 1, heard: 0, losses: 0 } }),
    };
    const context = { database, schema, feed: deaf, durability: "server", phase: "open", tenant: undefined } as const;
    const report = await health(context, checkHealthLimits(undefined));
    expect(report).toMatchObject({ live: true, ready: true });
    expect(report.checks.find(({ name }) => name === "listener")).toMatchObject({
      status: "degraded",
      value: "deaf",
      advice: expect.stringContaining("Give the store a direct connection"),
    });
  } finally {
    await database.close();
  }
});

test("the same setting makes room for half as many locks from PostgreSQL 19 on", async ({ sql }) => {
  const version = /coalesce\(pg_catalog\.current_setting\('server_version_num', true\)::integer, 0\)/;
  expect(lockRoom).toMatch(version);
  const roomOn = async (number: number): Promise<number> => {
    const { rows } = await sql.query<{ room: string }>(`select (${lockRoom.replace(version, String(number))})::text as room`);
    return Number(rows[0]?.room);
  };
  const [before, since] = [await roomOn(180_004), await roomOn(190_000)];
  expect(before).toBeGreaterThan(1);
  expect(since).toBe(Math.floor(before / 2));
});
