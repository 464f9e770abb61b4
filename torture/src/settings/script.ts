import { openEventStore, type EventStore } from "tidemark";
import { appendsAndReads } from "./appends.ts";
import { commandsAndSnapshots } from "./commands.ts";
import { consumersAndLetters } from "./consumers.ts";
import { documentsOf, projectionsOfScript } from "./documents.ts";
import { type Answers, answerOf, type Script, schema } from "./step.ts";
import { exportAndImport } from "./transfer.ts";

/** A clock that stands still within a step, and ids in a row: the same in every run, however often the store asks for them. */
function deterministic(steps: () => number): { readonly now: () => Date; readonly createId: () => string } {
  let ids = 0;
  return {
    now: () => new Date(Date.UTC(2001, 1, 3, 4, 5, 6, 789) + 61_001 * steps()),
    createId: () => `0190a6b1-5c1e-7b6a-9d5e-${(ids++).toString(16).padStart(12, "0")}`,
  };
}

/** Uses the whole public API once, in one order, and returns what it answered. */
export async function runScript(url: string, awayMs: number): Promise<Answers> {
  const answers: Answers = new Map();
  const step = async (name: string, work: () => Promise<unknown>): Promise<void> => {
    answers.set(name, await answerOf(work));
  };
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const opened: EventStore[] = [];
  await step("open", async () => {
    const pool = { max: 4, connectionTimeoutMs: 30_000, queryTimeoutMs: 30_000 };
    opened.push(await openEventStore(url, { schema, projections: projectionsOfScript, pool, logger: silent, ...deterministic(() => answers.size) }));
  });
  const [store] = opened;
  if (store === undefined) return answers;
  const script: Script = { store, url, schema, awayMs, step };
  try {
    for (const part of [appendsAndReads, documentsOf, commandsAndSnapshots, consumersAndLetters, exportAndImport]) await part(script);
  } finally {
    await step("close", () => store.close());
  }
  return answers;
}
