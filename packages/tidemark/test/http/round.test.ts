import { setImmediate as turn } from "node:timers/promises";
import { Round } from "../../src/http/round.ts";
import { describe, eventually, expect, test } from "../support/test.ts";

describe("a round", () => {
  test("visits everybody in order, and lets the process do other work in between", async () => {
    const members = new Set(Array.from({ length: 1_000 }, (_, n) => n));
    const visited: number[] = [];
    const round = new Round(members, (one) => visited.push(one));
    round.ask();
    const first = visited.length;
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(1_000);
    await turn();
    expect(visited.length).toBeGreaterThan(first);
    await eventually(() => expect(visited).toEqual([...members]));
  });

  test("visits again whom it had visited before it was asked", async () => {
    const members = new Set(Array.from({ length: 1_000 }, (_, n) => n));
    const visits = new Map<number, number>();
    let news = 1;
    const round = new Round(members, (one) => visits.set(one, news));
    round.ask();
    news = 2;
    round.ask();
    await eventually(() => expect([...members].filter((one) => visits.get(one) !== 2)).toEqual([]));
  });

  test("may be asked by those whom it visits", async () => {
    const members = new Set([1, 2]);
    let visits = 0;
    const round = new Round(members, () => {
      if (++visits < 10) round.ask();
    });
    round.ask();
    await eventually(() => expect(visits).toBeGreaterThanOrEqual(10));
  });
});
