import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { quick, shards, World } from "./worker-world.ts";
import type { Fate } from "./model-leases.ts";

const fate = fc.record<Fate>({
  sendMs: fc.constantFrom(0, 1, 5, 400, 2_500),
  answerMs: fc.constantFrom(0, 1, 5, 400, 2_500),
  lost: fc.constantFrom("never", "never", "never", "before", "after"),
});

const deed = fc.record({
  afterMs: fc.nat(4_000),
  what: fc.constantFrom("start", "start", "freeze", "thaw", "kill", "stop"),
  whom: fc.nat(3),
});

describe("workers with shards, in any order of what they, the database and the network do,", () => {
  test("never work on another's shard, share all of them once it is quiet, and leave nothing when they stop", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fate, { maxLength: 40 }),
        fc.array(deed, { maxLength: 12 }),
        fc.constantFrom(0, 10, 1_000, 7_000),
        async (fates, deeds, handlerMs) => {
          let next = 0;
          const world = new World(() => fates[next++], handlerMs);
          world.start();
          for (const { afterMs, what, whom } of deeds) {
            await world.run(afterMs);
            const worker = world.workers[whom % world.workers.length];
            if (what === "start" && world.workers.length < 4) world.start();
            else if (what === "freeze") worker?.life.freeze();
            else if (what === "thaw") worker?.life.thaw();
            else if (what === "kill") worker?.life.kill();
            else if (what === "stop" && worker) world.stop(worker);
          }
          for (const { life } of world.workers) life.thaw();
          world.healed = true;
          // What is late arrives, leases of the dead end, handlers end, and shares settle.
          world.start();
          await world.run(20_000 + 2 * handlerMs);

          expect([...world.wrong]).toEqual([]);
          const working = world.workers.filter(({ life, stopped }) => life.alive && stopped === undefined);
          for (const consumer of Object.keys(shards)) {
            for (const lease of world.model.shardsOf(consumer)) {
              const owner = working.find(({ name }) => name === lease.owner);
              const runner = owner?.runners.find(({ shard, ending }) => shard.id === lease.id && shard.fence === lease.fence && !ending);
              expect(runner?.validUntil, `${consumer} ${lease.shard}`).toBeGreaterThan(world.time.now);
            }
            for (const { name, runners } of working) {
              expect(runners.filter(({ shard, ending }) => shard.consumer === consumer && !ending)).toHaveLength(world.model.quotaOf(consumer, name));
            }
          }

          for (const worker of world.workers) world.stop(worker);
          await world.run(10_000 + handlerMs);
          for (const { life, runners, name } of world.workers.filter((each) => each.life.alive)) {
            expect(
              runners.filter(({ over }) => !over),
              `${name} still runs`,
            ).toEqual([]);
            expect(life.timers(), `timers of ${name}`).toBe(0);
          }
          expect(world.model.leases.filter(({ end }) => end > world.time.now)).toEqual([]);
          expect([...world.wrong]).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("a shard whose takeover is answered while its worker stops is given back, and nobody works on it", async () => {
    const world = new World((name) => (name === "take" ? { ...quick, answerMs: 500 } : undefined), 10);
    for (const lease of world.model.leases) Object.assign(lease, { owner: "somebody who dies", end: 1_000 });
    world.start();
    await world.run(1_400);
    const [worker] = world.workers;
    expect(world.model.leases.filter(({ owner }) => owner === worker?.name)).toHaveLength(1);
    expect(worker?.runners).toEqual([]);
    if (worker) world.stop(worker);
    await world.run(5_000);
    expect([...world.wrong]).toEqual([]);
    expect(worker?.runners.filter(({ over }) => !over)).toEqual([]);
    expect(worker?.life.timers()).toBe(0);
    expect(world.model.leases.filter(({ end }) => end > world.time.now)).toEqual([]);
  });

  test("a worker that fails to start gives back what it took by then, and ends", async () => {
    let takes = 0;
    const world = new World((name) => (name === "take" && takes++ === 2 ? { ...quick, lost: "before" } : undefined), 10);
    world.start();
    await world.run(30);
    const [worker] = world.workers;
    expect(worker?.runners.length).toBeGreaterThanOrEqual(2);
    expect(worker?.runners.every(({ over }) => over)).toBe(true);
    expect(world.model.leases.filter(({ end }) => end > world.time.now)).toEqual([]);
    await world.run(1_000);
    expect(worker?.runners.filter(({ ending }) => !ending)).toHaveLength(world.model.leases.length);
  });
});
