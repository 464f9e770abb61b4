import pg from "pg";
import type { EventStore } from "../../src/store/event-store.ts";
import { fn } from "../support/functions.ts";
import { append, eventOf } from "./open.ts";
import { createActor, type Actor, readerPauses, writerPauses } from "./steps.ts";

export type Way = keyof typeof writerPauses;

/** `"mark first"`: rows in a later statement, as the store does; `"in one statement"`: as it must not be done. */
export type Reading = "mark first" | "in one statement";

/** Every order in which these can happen: `"AAR"` has AAR, ARA, RAA. */
export function* orders(steps: string): Generator<string> {
  if (steps === "") yield "";
  for (const step of new Set(steps)) {
    for (const rest of orders(steps.replace(step, ""))) yield step + rest;
  }
}

/** An append of four steps, a reading of the mark of three, and a whole append beside them. */
export const steps = "AAAARRRB";

/** What the group sends outside a user's transaction, for one event to one stream. */
const calls = {
  append_one: "('', 'paused', -1, gen_random_uuid(), 'Happened', '{}', null, null, null, null)",
  append_singles: "('', null, 'paused', '{1}', '{-1}', null, null, array[gen_random_uuid()], 'Happened', '{}', null, null, null, null)",
} as const;

export interface Explorer extends AsyncDisposable {
  /** Runs one order of the steps, and says what is wrong with what the reader saw. */
  run(order: string): Promise<string | undefined>;
}

/** Takes the steps of `store`'s functions, into which pauses were put before. */
export async function createExplorer(databaseUrl: string, schema: string, store: EventStore, way: Way, reading: Reading = "mark first"): Promise<Explorer> {
  const name = pg.escapeIdentifier(schema);
  const control = new pg.Client({ connectionString: databaseUrl });
  const writer = new pg.Client({ connectionString: databaseUrl });
  const reader = new pg.Client({ connectionString: databaseUrl });
  await Promise.all([control.connect(), writer.connect(), reader.connect()]);

  async function write(): Promise<void> {
    await writer.query("begin");
    if (way === "append_many") await store.withTransaction(writer).appendToStream("paused", [eventOf("paused")]);
    else await writer.query(`select ${name}.${fn(way)}${calls[way]}`);
    await writer.query("commit");
  }
  async function log(client: pg.Client, until = Number.MAX_SAFE_INTEGER): Promise<number[]> {
    const { rows } = await client.query<{ position: string }>(`select position from ${name}.events where position <= $1 order by position`, [until]);
    return rows.map(({ position }) => Number(position));
  }
  async function read(): Promise<{ readonly mark: number; readonly seen: readonly number[] }> {
    const rows = reading === "mark first" ? "null" : `array(select position::text from ${name}.events where position <= mark order by position)`;
    const result = await reader.query<{ mark: string; seen: string[] | null }>(`select mark, ${rows} as seen from ${name}.${fn("high_water_mark")}(0, null)`);
    const mark = Number(result.rows[0]?.mark);
    return { mark, seen: result.rows[0]?.seen?.map(Number) ?? (await log(reader, mark)) };
  }

  return {
    async run(order) {
      const before = (await log(control)).at(-1) ?? 0;
      let answer: Awaited<ReturnType<typeof read>> = { mark: Number.NaN, seen: [] };
      const actors = new Map<string, Actor>([
        ["A", createActor(control, writer, 1, writerPauses[way].length, write)],
        ["B", { step: async () => void (await append(store, "whole")) }],
        [
          "R",
          createActor(control, reader, 2, readerPauses.length, async () => {
            answer = await read();
          }),
        ],
      ]);
      for (const step of order) await actors.get(step)?.step();

      const { mark, seen } = answer;
      const lost = (await log(control, mark)).filter((position) => !seen.includes(position));
      if (lost.length > 0) return `${order}: at mark ${mark} position ${lost.join()} was not there yet`;
      if (mark < before) return `${order}: the mark is ${mark}, though everything up to ${before} was over`;
      if (mark !== 0 && seen.at(-1) !== mark) return `${order}: the mark ${mark} is no event's position`;
      return undefined;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([control.end(), writer.end(), reader.end()]);
    },
  };
}
