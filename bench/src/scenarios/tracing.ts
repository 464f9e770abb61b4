import { fileURLToPath } from "node:url";
import type { Comparison, Contestant, Scenario, Setting } from "../scenario.ts";
import { openWithEvents } from "../subjects/filled.ts";
import { openTidemark } from "../subjects/tidemark.ts";
import { startWorker, type Work } from "../worker.ts";

const without = "without channels";
const silent = "no subscriber";
const instrumented = "OpenTelemetry";
const hooks = fileURLToPath(new URL("../without-channels.ts", import.meta.url));

/** What is done in each process, with how many callers. */
interface Measured {
  readonly label: string;
  readonly work: Work;
  readonly callers: number;
}

/** Three processes on databases alike, and the rows that compare them. `subject`: of `openers`, and the same with ", OpenTelemetry". */
async function compareSides(
  setting: Setting,
  createDatabase: () => Promise<string>,
  subject: string,
  measured: readonly Measured[],
): Promise<readonly Comparison[]> {
  async function start(name: string, opened: string, preload?: string): Promise<(measured: Measured) => Contestant> {
    const worker = await startWorker(opened, await createDatabase(), preload);
    setting.cleanup.defer(() => worker.stop());
    return ({ work, callers }) => ({ name, measure: (seconds) => worker.measure(callers, seconds, work) });
  }
  const bare = await start(without, subject, hooks);
  const quiet = await start(silent, subject);
  const traced = await start(instrumented, `${subject}, OpenTelemetry`);
  return measured.flatMap((one): readonly Comparison[] => [
    { label: one.label, subject: silent, contestants: [quiet(one), bare(one)], targets: [{ against: without, atLeast: 0.98 }] },
    {
      label: `${one.label}, OpenTelemetry`,
      subject: instrumented,
      contestants: [traced(one), quiet(one)],
      targets: [{ against: silent, atLeast: 0.85 }],
    },
  ]);
}

export const appendTraced: Scenario = {
  number: 62,
  title: "Append one event to a new stream, or follow the log, traced",
  about:
    "Each contestant in a process of its own. Without channels: the seam to node:diagnostics_channel is taken out of the library as it is loaded. OpenTelemetry: the SDK records a span and a duration of every append, inline projection and page of a follower, and hands them to exporters that drop them, and each event carries its trace. A follower reads the log from its start to its end, again and again.",
  async prepare(setting) {
    /** The schema exists before the process opens it. */
    async function createStore(): Promise<string> {
      const url = await setting.createDatabase();
      await (await openTidemark(url)).close();
      return url;
    }
    const append = [1, 10, 100].map((callers): Measured => ({ label: callers === 1 ? "1 caller" : `${callers} callers`, work: "append", callers }));
    const inline = [1, 10].map((callers): Measured => ({
      label: `${callers === 1 ? "1 caller" : `${callers} callers`}, an inline projection`,
      work: "append",
      callers,
    }));
    const { url } = await openWithEvents(setting, openTidemark, setting.quick ? 5_000 : 50_000);
    return [
      ...(await compareSides(setting, createStore, "Tidemark", append)),
      ...(await compareSides(setting, createStore, "Tidemark, inline", inline)),
      ...(await compareSides(setting, async () => url, "Tidemark", [{ label: "a follower", work: "follow", callers: 1 }])),
    ];
  },
};
