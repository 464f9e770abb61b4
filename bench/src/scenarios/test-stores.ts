import { openTestStore } from "tidemark/testing";
import type { Sample } from "../sample.ts";
import type { Scenario } from "../scenario.ts";

/** Opens empty stores, one after the other, and closes each; timed is the opening. */
async function openInTurn(seconds: number): Promise<Sample> {
  const latencies: number[] = [];
  const started = performance.now();
  while (performance.now() - started < seconds * 1_000) {
    const before = performance.now();
    const store = await openTestStore();
    latencies.push(performance.now() - before);
    await store.close();
  }
  return { events: latencies.length, seconds: (performance.now() - started) / 1_000, latencies };
}

export const openTestStores: Scenario = {
  number: 50,
  title: "Open a store for a test",
  about:
    "openTestStore on the embedded database that the test stores of a process share. The first, which starts it, is not counted. Median and p99: the opening alone.",
  unit: "stores/s",
  async prepare({ cleanup }) {
    const first = await openTestStore();
    cleanup.defer(() => first.close());
    return [
      {
        label: "one after the other",
        subject: "openTestStore",
        contestants: [{ name: "openTestStore", measure: openInTurn }],
        targets: [{ of: "openTestStore", medianAtMostMs: 120 }],
      },
    ];
  },
};
