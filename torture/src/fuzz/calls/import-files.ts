import { ProjectionGate } from "../../../../packages/tidemark/src/projections/projection-gate.ts";
import { importEvents, type ImportReport } from "../../../../packages/tidemark/src/transfer/import-events.ts";
import { readNdjson } from "../../../../packages/tidemark/src/transfer/ndjson.ts";
import { type Actor, newEvents } from "../call.ts";
import type { ModelEvent } from "../model.ts";
import { copySchema, type Target } from "../target.ts";

/** A line of a file, and what has to come of it. */
export interface Line {
  readonly text: string;
  /** An event that the file brings, the same again, or what no import takes. */
  readonly is: "new" | "repeated" | "bad";
  readonly streamId: string;
  readonly event: ModelEvent;
}

/** What the command line passes, in groups of a few events. */
export async function importLines(
  { database }: Target,
  lines: readonly Line[],
  how: { onBadLine: "stop" | "skip"; groupOf: number; signal: AbortSignal },
): Promise<ImportReport> {
  const logger = { debug() {}, info() {}, warn() {}, error: console.error };
  const createTransaction = (): never => {
    throw new TypeError("no projection is known here");
  };
  async function* chunks(): AsyncGenerator<Buffer, void, undefined> {
    for (const { text } of lines) {
      yield Buffer.from(`${text}\n`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return await importEvents(database, copySchema, readNdjson(chunks()), {
    tenant: undefined,
    utc: false,
    keepPositions: false,
    onBadLine: how.onBadLine,
    badLine: async () => undefined,
    progress: () => undefined,
    signal: how.signal,
    gate: new ProjectionGate({ database, schema: copySchema, projections: [], unknownProjections: "warn", logger, createTransaction }),
    groups: { events: how.groupOf, size: 1_000_000 },
  });
}

/** A file with new events, some twice, some that are bad, and some that say something else than they did before. */
export function someFile(actor: Actor): readonly Line[] {
  const { random } = actor;
  const streams = [actor.stream(), actor.stream()] as const;
  const lines: Line[] = [];
  for (const event of actor.events(8)) {
    const streamId = random.pick(streams);
    const envelope = { streamId, id: crypto.randomUUID(), ...newEvents([event])[0] };
    lines.push({ text: JSON.stringify(envelope), is: "new", streamId, event });
    const earlier = random.pick([lines[0] ?? { text: "" }, ...lines]);
    if (earlier.text === "" || !("is" in earlier) || earlier.is === "bad") continue;
    if (random.chance(0.2)) lines.push({ ...earlier, is: "repeated" });
    if (random.chance(0.08)) lines.push({ ...earlier, text: JSON.stringify({ ...JSON.parse(earlier.text), data: { n: -1 } }), is: "bad" });
    if (random.chance(0.08))
      lines.push({ ...earlier, text: random.pick(["no JSON", "[]", `{"streamId":"x","type":7}`, `{"streamId":"","type":"A","data":{}}`]), is: "bad" });
  }
  return lines;
}
