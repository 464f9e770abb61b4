import { fileURLToPath } from "node:url";
import type { Comparison, Contestant, Scenario, Setting } from "../scenario.ts";
import { openWithEvents } from "../subjects/filled.ts";
import { openTidemark } from "../subjects/tidemark.ts";
import { startWorker, type Work } from "../worker.ts";

const without = "without channels";
const silent = "no subscriber";
const byHand = "the SDK by hand";
const keeping = "the SDK by hand, trace kept";
const instrumented = "OpenTelemetry";
const hooks = fileURLToPath(new URL("../without-channels.ts", import.meta.url));

/** What is done in each process, with how many callers. */
interface Measured {
  readonly label: string;
  readonly work: Work;
  readonly callers: number;
}

/** Processes on one database, and the rows that compare them. `subject`: of `openers`, and the same with the SDK. */
async function compareSides(setting: Setting, url: string, subject: string, measured: readonly Measured[]): Promise<readonly Comparison[]> {
  async function start(name: string, opened: string, preload?: string): Promise<(measured: Measured) => Contestant> {
    const worker = await startWorker(opened, url, preload);
    setting.cleanup.defer(() => worker.stop());
    return ({ work, callers }) => ({ name, measure: (seconds) => worker.measure(callers, seconds, work) });
  }
  const slices = setting.quick ? 4 : 20;
  const bare = await start(without, subject, hooks);
  const quiet = await start(silent, subject);
  const floor = await start(byHand, `${subject}, SDK by hand`);
  const kept = await start(keeping, `${subject}, SDK by hand, trace kept`);
  const traced = await start(instrumented, `${subject}, OpenTelemetry`);
  return measured.flatMap((one): readonly Comparison[] => {
    const hasFloor = one.work === "append";
    return [
      { label: one.label, subject: silent, contestants: [quiet(one), bare(one)], targets: [{ against: without, atLeast: 0.98 }], slices },
      ...(hasFloor ? [{ label: `${one.label}, ${byHand}`, subject: byHand, contestants: [floor(one), kept(one), quiet(one)], targets: [], slices }] : []),
      {
        label: `${one.label}, ${instrumented}`,
        subject: instrumented,
        contestants: [traced(one), quiet(one), ...(hasFloor ? [floor(one), kept(one)] : [])],
        targets: [
          { against: silent, atLeast: 0.85 },
          { against: byHand, atLeast: 0.95 },
          { against: keeping, atLeast: 0.95 },
        ],
        slices,
      },
    ];
  });
}

export const appendTraced: Scenario = {
  number: 62,
  title: "Append one event to a new stream, or follow the log, traced",
  about:
    "Each contestant in a process of its own, all on one database, by turns of a tenth of a second; ratios are medians of those of each turn. Without channels: the seam to node:diagnostics_channel is taken out of the library as it is loaded. OpenTelemetry: the SDK records a span and a duration of every append, inline projection and page of a follower, and hands them to exporters that drop them, and each event carries its trace. The SDK by hand: the application makes one span with four attributes around each append and records one duration, and events carry nothing; no instrumentation can cost less. Trace kept: the application also puts the trace into each event, by withMetadata. A follower reads the log from its start to its end, again and again.",
  async prepare(setting) {
    /** The schema exists before the processes open it. */
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
      ...(await compareSides(setting, await createStore(), "Tidemark", append)),
      ...(await compareSides(setting, await createStore(), "Tidemark, inline", inline)),
      ...(await compareSides(setting, url, "Tidemark", [{ label: "a follower", work: "follow", callers: 1 }])),
    ];
  },
};
