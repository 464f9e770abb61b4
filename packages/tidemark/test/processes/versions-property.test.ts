import fc from "fast-check";
import { append as appendEffect, type Process, type Worker } from "tidemark";
import { ordering, placed } from "./order.ts";
import { expect, test } from "./test.ts";

interface Deployed {
  readonly version: number;
  readonly shards: number;
}

type Deed =
  /** Workers that start at the same time, each with one version, and orders that get events meanwhile. */
  { readonly what: "deploy"; readonly workers: readonly Deployed[]; readonly orders: readonly number[] } | { readonly what: "stop"; readonly which: number };

const orders = fc.array(fc.nat(9), { maxLength: 8 });
const deployed = fc.record({ version: fc.integer({ min: 1, max: 3 }), shards: fc.integer({ min: 1, max: 3 }) });
const deed = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.tuple(fc.array(deployed, { maxLength: 2 }), orders).map(([workers, during]): Deed => ({ what: "deploy", workers, orders: during })),
  },
  { weight: 1, arbitrary: fc.nat(3).map((which): Deed => ({ what: "stop", which })) },
);

let runs = 0;

test("in any order of deployments, each instance has one version: that of the range of its first input, which handles all of them once", async ({
  store,
  openStore,
  start,
}) => {
  const other = await openStore();
  const play = async (deeds: readonly Deed[]): Promise<void> => {
    // A process of its own for each run, over streams of its own.
    const category = `run${++runs}`;
    const process = ({ version, shards }: Deployed): Process =>
      ordering(({ streamId }) => [appendEffect(`notes of ${streamId}`, [{ type: "Noted", data: { version } }])], {
        name: category,
        version,
        shards,
        filter: { categories: [category] },
        batchSize: 2,
      });
    const first = new Map<string, { readonly position: number; count: number }>();
    const working: Worker[] = [];
    const used = new Map<number, Deployed>();
    const append = async (order: string): Promise<void> => {
      const { position } = await store.appendToStream(order, [placed()]);
      const known = first.get(order);
      if (known) known.count++;
      else first.set(order, { position, count: 1 });
    };
    for (const one of deeds) {
      if (one.what === "stop") {
        await working.splice(one.which, 1)[0]?.stop();
        continue;
      }
      for (const worker of one.workers) used.set(worker.version, worker);
      const starting = one.workers.map((worker, index) => start(process(worker), { on: index === 0 ? store : other, leaseMs: 600 }));
      for (const order of one.orders) await append(`${category}-${order}`);
      working.push(...(await Promise.all(starting)).map(({ worker }) => worker));
    }
    await Promise.all(working.map((worker) => worker.stop()));
    const last = await start([...used.values(), ...(used.size === 0 ? [{ version: 1, shards: 1 }] : [])].map(process), { leaseMs: 600 });
    await last.worker.caughtUp({ timeoutMs: 60_000 });
    await last.worker.stop();
    const versions = await store.processes.versions(category);
    const instances = await store.processes.list({ name: category, limit: 100 });
    expect(instances.map(({ id }) => id).toSorted()).toEqual([...first.keys()].toSorted());
    for (const { id, version, inputCount, handledCount, lateCount } of instances) {
      const { position = 0, count = 0 } = first.get(id) ?? {};
      const starter = versions.filter(({ startsAfter, startsUntil = Number.POSITIVE_INFINITY }) => startsAfter < position && position <= startsUntil);
      expect([version]).toEqual(starter.map((one) => one.version));
      expect({ inputCount, handledCount, lateCount }).toEqual({ inputCount: count, handledCount: count, lateCount: 0 });
      expect((await store.readStream(`notes of ${id}`).toArray()).map(({ data }) => data)).toEqual(Array.from({ length: count }, () => ({ version })));
    }
  };
  await fc.assert(fc.asyncProperty(fc.array(deed, { minLength: 3, maxLength: 10 }), play), { numRuns: 20, endOnFailure: true });
});
