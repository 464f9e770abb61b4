import type { Comparison, Contestant, Scenario } from "../scenario.ts";
import { openers, subjectNames } from "../subjects/open.ts";
import { startWorker, type Worker } from "../worker.ts";

export const appendFromTwoProcesses: Scenario = {
  number: 8,
  title: "Append one event to a new stream from two processes",
  about: "Two processes with half of the callers each, on one store. Every call creates a stream and says that it must not exist.",
  async prepare(setting) {
    const workers = new Map<string, readonly Worker[]>();
    for (const name of subjectNames(setting)) {
      const url = await setting.createDatabase();
      // The schema exists before both open it.
      await (await openers[name]?.(url))?.close();
      const pair = await Promise.all([startWorker(name, url), startWorker(name, url)]);
      for (const worker of pair) setting.cleanup.defer(() => worker.stop());
      workers.set(name, pair);
    }
    return [10, 100].map((callers): Comparison => ({
      label: `2 × ${callers / 2} callers`,
      subject: "Tidemark",
      contestants: [...workers].map(([name, pair]): Contestant => ({ name, measure: (seconds) => measureTogether(pair, callers / 2, seconds) })),
      targets: [],
    }));
  },
};

async function measureTogether(pair: readonly Worker[], callers: number, seconds: number): ReturnType<Contestant["measure"]> {
  const samples = await Promise.all(pair.map((worker) => worker.measure(callers, seconds)));
  return {
    events: samples.reduce((sum, { events }) => sum + events, 0),
    seconds: Math.max(...samples.map((sample) => sample.seconds)),
    latencies: samples.flatMap(({ latencies }) => latencies),
  };
}
