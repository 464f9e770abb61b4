import { setTimeout as delay } from "node:timers/promises";
import { defineConsumer, type Consumer, type ConsumerContext, type RecordedEvent } from "tidemark";
import { partsOf } from "../history/content.ts";
import { asOf } from "../shapes/catalogues.ts";
import { type Code, type Reading, readingOf } from "../shapes/code.ts";
import { storedShape, storedTypesOf } from "../shapes/shapes.ts";
import { writeEffectsOf } from "./tables.ts";
import { troubleOf } from "./trouble.ts";

/** A consumer, and which events it wants. */
export interface Consumption {
  readonly name: string;
  readonly wants: (stream: string, id: string) => boolean;
  readonly consumer: Consumer;
}

/** Shorter than some freezes of a worker, so that shards change hands under owners who do not know it. */
export const leaseMs = 2_000;
/** Longer than a fault that cancels every statement for a while. */
export const retry = { attempts: 8, minDelayMs: 5, maxDelayMs: 200 };
const handlerMs = 800;

const pause = new Int32Array(new SharedArrayBuffer(4));
const blocked = new Set<string>();

/** Nothing of this process goes on for longer than its leases last: somebody else takes over, and it notices afterwards. */
function block(id: string): void {
  blocked.add(id);
  Atomics.wait(pause, 0, 0, 1.5 * leaseMs);
}

/** Handles one event, and meets the trouble that it is in. One that became several is in trouble with its last part, when the others are done. */
async function handle(name: string, event: RecordedEvent, context: ConsumerContext, reading: Reading): Promise<void> {
  const isLast = (event.part ?? 0) === partsOf(event.id, reading).length - 1;
  const trouble = isLast ? troubleOf(event.id) : undefined;
  const first = context.attempt === 1;
  if (trouble === "poison" || (trouble === "fails once" && first)) throw new Error(trouble);
  // Heeds nothing: what it does after its time must not count.
  if (trouble === "hangs once" && first) await delay(2 * handlerMs);
  if (trouble === "blocks once" && !blocked.has(event.id)) block(event.id);
  if (trouble === "cannot be committed") await context.query("insert into app.debts values ($1)", [event.id]);
  // A name that the library might use too.
  const saves = event.version % 5 === 0;
  if (saves) await context.query("savepoint event");
  await writeEffectsOf(name, [event], context, reading);
  if (saves) {
    await context.query("rollback to savepoint event");
    await writeEffectsOf(name, [event], context, reading);
  }
  if (trouble === "ends the transaction") await context.query(event.version % 2 === 0 ? "commit" : "rollback").catch(() => undefined);
  if (trouble === "fails once, after its effect" && first) throw new Error(trouble);
}

/** Event by event, with handlers that fail and hang. */
const singly: Consumption = {
  name: "singly",
  wants: (stream) => /^(warm|race)-/.test(stream),
  consumer: defineConsumer({
    name: "singly",
    filter: [{ categories: ["warm"] }, { categories: ["race"] }],
    shards: 4,
    batchSize: 100,
    timeoutMs: handlerMs,
    retry,
    onFailure: "dead-letter",
    circuitBreaker: false,
    handle: (event, context) => handle("singly", event, context, "stored"),
  }),
};

/** Everything, in batches. */
function inBatches(code: Code): Consumption {
  const name = "in batches";
  return {
    name,
    wants: () => true,
    consumer: defineConsumer({ name, shards: 3, retry, handleBatch: (events, context) => writeEffectsOf(name, events, context, readingOf(code)) }),
  };
}

/** What lines today's code gets in the shape that its handler has known since yesterday. */
const linesOf = (code: Code): Reading => (code === "today" ? "today, lines as before" : "stored");
const linesAndCrates = storedTypesOf(["LineAdded"], "today");

/** Which definition of the consumer of lines a process has: what it looks for, and in which shape. */
function linesDefinition(code: Code): {
  readonly name: string;
  readonly shards: number;
  readonly filter: { readonly categories: string[]; readonly types: string[] };
} {
  return { name: "lines", shards: 2, filter: { categories: ["shape"], types: code === "today" ? ["LineAdded"] : [...linesAndCrates] }, ...asOf(linesOf(code)) };
}

/** Lines, and crates of them, by two versions of its code beside each other. */
function lines(code: Code): Consumption {
  const definition = linesDefinition(code);
  const { name } = definition;
  return {
    name,
    wants: (stream, id) => stream.startsWith("shape-") && linesAndCrates.includes(storedShape(id).type),
    consumer: defineConsumer({
      ...definition,
      batchSize: 50,
      timeoutMs: handlerMs,
      retry,
      onFailure: "dead-letter",
      circuitBreaker: false,
      handle: (event, context) => handle(name, event, context, linesOf(code)),
    }),
  };
}

/** Today's consumer of lines when its handler is mended: what it does of its letters goes under a name of its own. */
export function mendedLines(as: string): Consumer {
  return defineConsumer({ ...linesDefinition("today"), retry, handle: (event, context) => writeEffectsOf(as, [event], context, linesOf("today")) });
}

export function consumptionsOf(code: Code): readonly Consumption[] {
  return [singly, inBatches(code), lines(code)];
}
