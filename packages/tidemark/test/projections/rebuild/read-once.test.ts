import { onTestFinished, vi } from "vitest";
import { ScanMember } from "../../../src/feed/scan-member.ts";
import { fill, sums } from "./sums.ts";
import { eager } from "./worker.ts";
import { expect, test } from "./world.ts";

/** Nobody gets a page of the log before so many have asked for one. Returns what ends that. */
function beginTogether(members: number): () => void {
  const begun = new Set<ScanMember>();
  const all = Promise.withResolvers<void>();
  const next = ScanMember.prototype.next;
  const spy = vi.spyOn(ScanMember.prototype, "next").mockImplementation(async function (this: ScanMember) {
    if (begun.add(this).size >= members) all.resolve();
    await all.promise;
    return await next.call(this);
  });
  onTestFinished(() => spy.mockRestore());
  return () => spy.mockRestore();
}

test("projections that one worker builds at the same time read the log together", async ({ openStore, start }) => {
  await fill(await openStore(), 1_200, 40);
  const background = { busy: true, pageRows: 50, rest: async (): Promise<void> => {} };
  /** Of builds, whose filter is in the statement's name. What follows the log reads everything. */
  const pagesOf = async (...names: readonly string[]): Promise<number> => {
    const end = beginTogether(names.length);
    const { worker, ran, stop } = await start(
      names.map((name) => sums(name)),
      { limits: eager, background },
    );
    await worker.caughtUp();
    await stop();
    end();
    return [...ran].reduce((pages, [name, times]) => (/^tidemark_follow(_small)?_(?!tenants|small)/.test(name) ? pages + times : pages), 0);
  };
  const alone = await pagesOf("alone");
  expect(alone).toBeGreaterThanOrEqual(24);
  // Each by itself would take three times as many.
  expect(await pagesOf("one", "two", "three")).toBeLessThan(2 * alone);
});
