import fc, { type Scheduler } from "fast-check";
import { describe, expect, test } from "vitest";
import { followLog, type Shared } from "../../src/feed/follower.ts";
import type { Wanted } from "../../src/feed/log-pages.ts";
import { rowFilter, SharedRow } from "../../src/feed/row-filter.ts";
import { Tail, type TailLimits } from "../../src/feed/tail.ts";
import { ModelLog, position, type WriterStep } from "./model-log.ts";

interface Reader extends Wanted {
  readonly after: number;
  readonly batchSize: number;
  /** It is stopped after so many batches, and another goes on from its anchor. */
  readonly restartEvery: number;
  /** How much else happens while it works on a batch. */
  readonly slowness: number;
}

const reader = fc.record<Reader>({
  tenant: fc.constant(undefined),
  filter: fc.option(fc.constant([{ types: ["Third"] }]), { nil: undefined }),
  shard: fc.option(fc.record({ index: fc.nat(1), of: fc.constant(2) }), { nil: undefined }),
  after: fc.nat(4),
  batchSize: fc.integer({ min: 1, max: 3 }),
  restartEvery: fc.integer({ min: 1, max: 12 }),
  slowness: fc.constantFrom(1, 1, 20),
});

/** Of each append: its floor, its positions, its end, in an order mixed with those of the others. */
const writing = fc
  .array(fc.record({ events: fc.integer({ min: 1, max: 3 }), commits: fc.boolean(), shuffle: fc.nat(1_000) }), { minLength: 1, maxLength: 20 })
  .map((appends) => {
    const steps = appends.flatMap(({ events, commits, shuffle }, append) => {
      const own: WriterStep["does"][] = ["floor", ...Array.from({ length: events }, () => "draw" as const), commits ? "commit" : "rollback"];
      return own.map((does, n) => ({ append, does, at: ((shuffle * 7919) % 97) + n * ((shuffle % 11) + 1) }));
    });
    return steps.sort((a, b) => a.at - b.at).map(({ append, does }): WriterStep => ({ append, does }));
  });

const limits = fc.record<TailLimits>({ waiting: fc.constantFrom(1, 500, 100_000), remembered: fc.constantFrom(0, 500, 100_000) });

/** Follows until it has had everything there is once the writers are done, and returns the positions in the order they came. */
async function follow(
  shared: Shared,
  scheduler: Scheduler,
  { after, batchSize, restartEvery, slowness, ...wanted }: Reader,
  end: () => number,
): Promise<readonly number[]> {
  const seen: number[] = [];
  let anchor = { position: after, id: null as string | null };
  for (;;) {
    let batches = 0;
    const options = { reader: "test", batchSize, signal: new AbortController().signal, ...wanted, after: anchor };
    for await (const batch of followLog(shared, options)) {
      expect(batch.events.length).toBeLessThanOrEqual(batchSize);
      expect(batch.anchor.position).toBeGreaterThanOrEqual(anchor.position);
      for (const { event } of batch.events) seen.push(event.position);
      ({ anchor } = batch);
      if (anchor.position >= end()) return seen;
      for (let step = 0; step < slowness; step++) await scheduler.schedule(Promise.resolve("handled"));
      if (++batches === restartEvery) break;
    }
  }
}

async function unexpected(error: unknown): Promise<never> {
  throw error;
}

describe("from catching up to the tail and back", () => {
  test("in any order of what writers, followers and the tail do, each follower gets what it wants once and in order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        writing,
        fc.array(reader, { minLength: 1, maxLength: 3 }),
        limits,
        fc.integer({ min: 1, max: 4 }),
        async (s, steps, readers, tail, pageRows) => {
          const log = new ModelLog(s, pageRows);
          let last = Number.POSITIVE_INFINITY;
          const shared: Shared = {
            log,
            marks: log,
            tail: new Tail(
              {
                mark: () => log.read(),
                pages: (after, until) => log.open(after, until, { tenant: undefined, filter: undefined, shard: undefined }),
                wait: async () => void (await s.schedule(Promise.resolve("wait"))),
                failed: unexpected,
                succeeded: () => {},
              },
              tail,
            ),
            readRetry: { wait: unexpected, succeeded: () => {} },
          };
          const writer = (async () => {
            for (const step of steps) {
              await s.schedule(Promise.resolve("step"));
              log.step(step);
            }
            last = log.finish();
          })();
          const following = readers.map((each) => follow(shared, s, each, () => last));
          const [seen] = await s.waitFor(Promise.all([Promise.all(following), writer]));
          for (const [index, each] of readers.entries()) {
            const matches = rowFilter(each);
            const wanted = log.rows.filter((row) => position(row) > each.after && matches(new SharedRow(row))).map(position);
            expect(seen[index]).toEqual(wanted);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
