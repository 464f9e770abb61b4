import { fileURLToPath } from "node:url";
import type { Comparison, Contestant, Scenario } from "../scenario.ts";
import { openTidemark } from "../subjects/tidemark.ts";
import { tracedName } from "../subjects/traced.ts";
import { startWorker } from "../worker.ts";

const without = "without channels";
const silent = "no subscriber";
const instrumented = "OpenTelemetry";

export const appendTraced: Scenario = {
  number: 62,
  title: "Append one event to a new stream, traced",
  about:
    "Each contestant in a process of its own. Without channels: the seam to node:diagnostics_channel is taken out of the library as it is loaded. OpenTelemetry: the SDK records a span and a duration of every append and hands them to exporters that drop them, and each event carries its trace.",
  async prepare(setting) {
    async function start(name: string, subject: string, preload?: string): Promise<readonly Contestant[]> {
      const url = await setting.createDatabase();
      // The schema exists before the process opens it.
      await (await openTidemark(url)).close();
      const worker = await startWorker(subject, url, preload);
      setting.cleanup.defer(() => worker.stop());
      return [1, 10, 100].map((callers) => ({ name, measure: (seconds) => worker.measure(callers, seconds) }));
    }
    const hooks = fileURLToPath(new URL("../without-channels.ts", import.meta.url));
    const sides = [await start(without, "Tidemark", hooks), await start(silent, "Tidemark"), await start(instrumented, tracedName)];
    return ["1 caller", "10 callers", "100 callers"].flatMap((label, n): readonly Comparison[] => {
      const [bare, quiet, traced] = sides.map((contestants) => contestants.slice(n, n + 1));
      return [
        { label, subject: silent, contestants: [...(quiet ?? []), ...(bare ?? [])], targets: [{ against: without, atLeast: 0.98 }] },
        {
          label: `${label}, OpenTelemetry`,
          subject: instrumented,
          contestants: [...(traced ?? []), ...(quiet ?? [])],
          targets: [{ against: silent, atLeast: 0.85 }],
        },
      ];
    });
  },
};
