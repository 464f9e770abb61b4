import { checkFilter } from "../../../../packages/tidemark/src/read/filter.ts";
import { ndjsonWriter } from "../../../../packages/tidemark/src/transfer/envelope-writers.ts";
import { exportEvents } from "../../../../packages/tidemark/src/transfer/export-events.ts";
import { storedShapes } from "../../../../packages/tidemark/src/transfer/export-shapes.ts";
import type { ImportReport } from "../../../../packages/tidemark/src/transfer/import-events.ts";
import { BadLineError } from "../../../../packages/tidemark/src/transfer/transfer-error.ts";
import { type Actor, type Call, newEvents, type Outcome, outcomeOf } from "../call.ts";
import { wrongError } from "../errors.ts";
import type { ModelEvent } from "../model.ts";
import { copySchema } from "../target.ts";
import { importLines, type Line, someFile } from "./import-files.ts";

const count = (lines: readonly Line[], what: Line["is"]): number => lines.filter(({ is }) => is === what).length;

/** Whether an import that ran to its end told what was in its file. */
function misreports(outcome: Outcome<ImportReport>, taken: readonly Line[], stops: boolean): string | undefined {
  if ("error" in outcome) return stops && outcome.error instanceof BadLineError ? undefined : String(wrongError(outcome.error) ?? outcome.error);
  if (stops) return "an import went over a bad line at which it was to stop";
  const { written, repeated, bad } = outcome.value;
  const wanted = [count(taken, "new"), count(taken, "repeated"), count(taken, "bad")].join();
  return [written, repeated, bad].join() === wanted ? undefined : `an import told ${written}, ${repeated} again and ${bad} bad, and not ${wanted}`;
}

/** An import, beside an append to one of its streams; some are broken off, and all are run again. */
const importFile: Call = {
  name: "import",
  async run(actor) {
    const { random, target } = actor;
    const lines = someFile(actor);
    const onBadLine = random.pick<"stop" | "skip">(["stop", "skip"]);
    const firstBad = lines.findIndex(({ is }) => is === "bad");
    const stops = onBadLine === "stop" && firstBad >= 0;
    const taken = stops ? lines.slice(0, firstBad) : lines;
    const breaksOff = random.chance(0.3);
    const controller = new AbortController();
    const how = { onBadLine, groupOf: random.between(1, 4), signal: controller.signal };
    const beside = random.chance(0.3) ? { streamId: lines[0]?.streamId ?? "", events: actor.events(2) } : undefined;

    const importing = outcomeOf(() => importLines(target, lines, how));
    const appending = beside && outcomeOf(() => target.copy.appendToStream(beside.streamId, newEvents(beside.events)));
    if (breaksOff) {
      for (let turns = random.between(0, 10); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
      controller.abort();
    }
    const [outcome, appended] = [await importing, await appending];
    if (appended && "error" in appended) return `an append beside an import: ${String(wrongError(appended.error) ?? appended.error)}`;
    const wrong = breaksOff ? undefined : misreports(outcome, taken, stops);
    const again = await outcomeOf(() => importLines(target, lines, { ...how, signal: new AbortController().signal }));
    const all = taken.map((line): Line => (breaksOff || line.is !== "new" ? line : { ...line, is: "repeated" }));
    // How much of it an import that was broken off had written, only the streams can tell.
    const wrongAgain = breaksOff && "value" in again ? undefined : misreports(again, all, stops);
    const events = taken.filter(({ is }) => is === "new");
    return (await settle(actor, events, beside)) ?? wrong ?? wrongAgain ?? (events.length === 0 ? undefined : await exported(actor, events));
  },
};

/** Brings the model up to date with what is there: the file's events in its order, and those that were appended beside together. */
async function settle(
  { target, copied }: Actor,
  events: readonly Line[],
  beside: { readonly streamId: string; readonly events: readonly ModelEvent[] } | undefined,
): Promise<string | undefined> {
  for (const streamId of new Set([...events.map((line) => line.streamId), ...(beside ? [beside.streamId] : [])])) {
    const before = copied.version(streamId);
    const found = await target.copy
      .readStream<{ readonly type: string; readonly data: { readonly n: number } }>(streamId, { fromVersion: before + 1 })
      .toArray();
    const added = found.map(({ type, data }): ModelEvent => ({ type, n: data.n }));
    const appended = beside?.streamId === streamId ? beside.events.map(({ n }) => n) : [];
    const numbers = added.map(({ n }) => n);
    const wanted = events.filter((line) => line.streamId === streamId).map(({ event }) => event.n);
    const [of, at] = [numbers.filter((n) => !appended.includes(n)), numbers.indexOf(appended[0] ?? Number.NaN)];
    copied.append(streamId, added);
    if (of.join() !== wanted.join()) return `an import left ${of.join()} in ${streamId}, not ${wanted.join()}`;
    if (appended.length > 0 && numbers.slice(at, at + appended.length).join() !== appended.join())
      return `beside an import ${appended.join()} became ${numbers.join()}`;
  }
  return undefined;
}

/** What was imported comes out again as it went in. */
async function exported({ name, target }: Actor, events: readonly Line[]): Promise<string | undefined> {
  const ids = new Set(events.map(({ text }) => idOf(text)));
  const stored = await Promise.all([...ids].map((id) => target.copy.eventById(id)));
  const positions = stored.map((event) => event?.position ?? 0);
  // Somebody's append of a lower position may still be open.
  while ((await target.copy.highWaterMark()) < Math.max(...positions)) await new Promise((resolve) => setImmediate(resolve));
  const texts = exportEvents(target.database, copySchema, {
    tenant: "",
    shapes: storedShapes(checkFilter({ categories: [name] }, "filter")),
    writer: ndjsonWriter,
    after: Math.min(...positions) - 1,
    until: Math.max(...positions),
    progress: () => undefined,
  });
  const lines: string[] = [];
  for await (const text of texts) lines.push(...text.split("\n").filter((line) => ids.has(idOf(line))));
  const told = (line: string): string => {
    const { streamId, type, data } = JSON.parse(line);
    return `${streamId} ${type} ${data.n}`;
  };
  const [out, into] = [lines.map(told).join(), events.map(({ text }) => told(text)).join()];
  return out === into ? undefined : `${into} went in, and ${out} came out`;
}

function idOf(line: string): string {
  return /"id":"([^"]+)"/.exec(line)?.[1] ?? "";
}

export const importCalls: readonly Call[] = [importFile];
