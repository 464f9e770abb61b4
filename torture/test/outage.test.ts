import { hasRedis } from "@tidemark/servers";
import { describe, expect, test } from "vitest";
import type { Arrival } from "../src/history/final.ts";
import { judgeOutage, mebibyte } from "../src/outage/judge.ts";
import { allowanceMebibytes, shortOutage } from "../src/outage/plan.ts";
import type { OutageRecord } from "../src/outage/record.ts";
import { runOutage } from "../src/outage/run.ts";

if (!hasRedis) console.log("NOT TESTED: Redis is not installed (Debian: apt-get install redis-server).");

describe.runIf(hasRedis)("a relay whose broker is killed, and away for a while", () => {
  // Seconds alone, minutes beside enough other work.
  test("holds in bounded memory, says so, and goes on by itself with nothing lost", { timeout: 900_000 }, async () => {
    const record = await runOutage(shortOutage(18), () => undefined);
    expect(judgeOutage(record).flatMap(({ examples }) => examples)).toEqual([]);
  });
});

describe("an outage is judged wrong", () => {
  const good = goodOutage();

  test("where nothing is wrong, it is not", () => {
    expect(anomaliesOf(good)).toEqual([]);
  });

  test.each<[why: string, of: string, record: OutageRecord]>([
    ["the memory grew with the backlog", "D1", { ...good, looks: good.looks.map((look) => ({ ...look, heap: look.heap + look.backlog })) }],
    ["the memory grew by more than is allowed", "D1", grownBy(good, allowanceMebibytes + 0.1)],
    ["the backlog was too small to tell", "D1", { ...good, looks: good.looks.map((look) => ({ ...look, backlog: look.backlog / 10 })) }],
    ["nobody looked", "D1", { ...good, looks: [] }],
    ["health had nothing to say", "D2", { ...good, health: { ...good.health, during: good.health.after } }],
    ["health still complained", "D2", { ...good, health: { ...good.health, after: good.health.during } }],
    ["the worker was told nothing", "D2", { ...good, told: [] }],
    ["a message was put aside", "D2", { ...good, letters: 1 }],
    ["a message was lost", "D3", { ...good, arrivals: good.arrivals.slice(1) }],
    ["a message was overtaken by one of its stream", "D3", { ...good, arrivals: good.arrivals.toReversed() }],
    ["a message came twice without a reason", "D3", { ...good, arrivals: [...good.arrivals, ...good.arrivals.slice(-1).map(muchLater)] }],
    ["a message is of no event", "D3", { ...good, log: good.log.slice(1) }],
    ["a payload was changed", "D3", { ...good, arrivals: good.arrivals.map(withPayload("another")) }],
  ])("where %s", (_why, of, record) => {
    expect(anomaliesOf(record)).toEqual([of]);
  });
});

function anomaliesOf(record: OutageRecord): string[] {
  return judgeOutage(record).flatMap(({ id, anomalies }) => (anomalies > 0 ? [id] : []));
}

function goodOutage(): OutageRecord {
  const numbers = Array.from({ length: 40 }, (_, n) => n + 1);
  return {
    plan: shortOutage(18),
    before: { rss: 100 * mebibyte, heap: 40 * mebibyte },
    looks: numbers.map((n) => ({ rss: 100 * mebibyte, heap: (40 + (n % 3)) * mebibyte, backlog: n * mebibyte, atMs: n, state: "retrying" })),
    health: {
      during: { status: "failing", value: 7, advice: "It tries an event again and again: it is down." },
      after: { status: "ok", value: 0, advice: null },
    },
    told: ["SINK_UNAVAILABLE"],
    letters: 0,
    awayFrom: 10_000,
    awayUntil: 20_000,
    resumedMs: 1,
    caughtUpMs: 2,
    log: numbers.map((n) => [`event-${n}`, "order-1", n, `digest-${n}`]),
    arrivals: numbers.map((n): Arrival => [`event-${n}`, "order-1", n, 1, 60_000 + n, `digest-${n}`]),
  };
}

/** As if something had been kept that has nothing to do with the backlog. */
function grownBy(record: OutageRecord, mebibytes: number): OutageRecord {
  const looks = record.looks.map((look, at) => ({ ...look, heap: (40 + (at < 20 ? 0 : mebibytes)) * mebibyte }));
  return { ...record, looks };
}

function muchLater([id, key, position, fence, at, payload]: Arrival): Arrival {
  return [id, key, position, fence, at + 60_000, payload];
}

function withPayload(payload: string): (arrival: Arrival) => Arrival {
  return ([id, key, position, fence, at]) => [id, key, position, fence, at, payload];
}
