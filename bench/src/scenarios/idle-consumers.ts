import { defineConsumer, openEventStore } from "tidemark";
import type { Sample } from "../sample.ts";
import type { Scenario } from "../scenario.ts";
import { processorShare } from "../processor-share.ts";
import { openServerCpu } from "../server-cpu.ts";

const consumers = 100;

export const idleConsumers: Scenario = {
  number: 14,
  title: "A hundred idle consumers",
  about:
    "One worker runs 100 consumers of a store that nobody writes to. Counted is the processor time of the client's process and all of the server's, for 60 s.",
  unit: "% of a core",
  async prepare(setting) {
    const url = await setting.createDatabase();
    const cpu = await openServerCpu(url);
    if (!cpu) {
      setting.progress("left out: the server's processes cannot be seen from here");
      return [];
    }
    const idleSeconds = setting.quick ? 10 : 60;
    const baseline = await processorShare(5, cpu);
    const store = await openEventStore(url);
    setting.cleanup.defer(() => store.close());
    const worker = store.createWorker({
      consumers: Array.from({ length: consumers }, (_, n) => defineConsumer({ name: `idle-${n}`, handle: () => {} })),
    });
    await worker.start();
    setting.cleanup.defer(() => worker.stop());
    await worker.caughtUp();
    // One measurement is long enough to be its own median.
    let measured: Promise<Sample> | undefined;
    return [
      {
        label: "client and server",
        subject: "100 consumers",
        contestants: [
          { name: "nothing", measure: async () => baseline },
          { name: "100 consumers", measure: () => (measured ??= processorShare(idleSeconds, cpu)) },
        ],
        targets: [{ of: "100 consumers", atMost: 2 }],
      },
    ];
  },
};
