import { setTimeout as delay } from "node:timers/promises";
import { defineConsumer, type Consumer, type ConsumerContext, type RecordedEvent } from "tidemark";
import { writeEffects } from "./tables.ts";
import { troubleOf } from "./trouble.ts";

/** A consumer, and which events it wants. */
export interface Consumption {
  readonly name: string;
  readonly wants: (stream: string) => boolean;
  readonly consumer: Consumer;
}

async function write(name: string, events: readonly RecordedEvent[], context: ConsumerContext): Promise<void> {
  const column = <T>(of: (event: RecordedEvent) => T): T[] => events.map(of);
  await context.query(writeEffects, [
    name,
    context.shard,
    context.fence,
    column(({ position }) => position),
    column(({ id }) => id),
    column(({ streamId }) => streamId),
    column(({ version }) => version),
  ]);
}

/** Shorter than some freezes of a worker, so that shards change hands under owners who do not know it. */
export const leaseMs = 2_000;
/** Longer than a fault that cancels every statement for a while. */
const retry = { attempts: 8, minDelayMs: 5, maxDelayMs: 200 };
const handlerMs = 800;

const pause = new Int32Array(new SharedArrayBuffer(4));
const blocked = new Set<string>();

/** Nothing of this process goes on for longer than its leases last: somebody else takes over, and it notices afterwards. */
function block(id: string): void {
  blocked.add(id);
  Atomics.wait(pause, 0, 0, 1.5 * leaseMs);
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
    async handle(event, context) {
      const trouble = troubleOf(event.id);
      const first = context.attempt === 1;
      if (trouble === "poison" || (trouble === "fails once" && first)) throw new Error(trouble);
      // Heeds nothing: what it does after its time must not count.
      if (trouble === "hangs once" && first) await delay(2 * handlerMs);
      if (trouble === "blocks once" && !blocked.has(event.id)) block(event.id);
      if (trouble === "cannot be committed") await context.query("insert into app.debts values ($1)", [event.id]);
      // A name that the library might use too.
      const saves = event.version % 5 === 0;
      if (saves) await context.query("savepoint event");
      await write("singly", [event], context);
      if (saves) {
        await context.query("rollback to savepoint event");
        await write("singly", [event], context);
      }
      if (trouble === "ends the transaction") await context.query(event.version % 2 === 0 ? "commit" : "rollback").catch(() => undefined);
      if (trouble === "fails once, after its effect" && first) throw new Error(trouble);
    },
  }),
};

/** Everything, in batches. */
const inBatches: Consumption = {
  name: "in batches",
  wants: () => true,
  consumer: defineConsumer({
    name: "in batches",
    shards: 3,
    retry,
    handleBatch: (events, context) => write("in batches", events, context),
  }),
};

export const consumptions: readonly Consumption[] = [singly, inBatches];
