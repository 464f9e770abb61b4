import pg from "pg";
import { openEventStore } from "tidemark";
import { storeFunction } from "../cluster/store-function.ts";
import { administer } from "../faults/fault.ts";

/** What the library makes of the position sequence, to be held against the next position that is drawn. */
export interface Reading {
  readonly what: "an append's floor" | "a reader's mark";
  /** PL/pgSQL that reads into v_read. */
  readonly read: string;
}

const schema = "torn reads";
const name = pg.escapeIdentifier(schema);

/** The position sequence, quoted as text in SQL. */
export const sequence: string = pg.escapeLiteral(`${name}.events_position_seq`);

/** A store, and the two places that look at its sequence. */
export async function prepareReadings(url: string): Promise<readonly Reading[]> {
  await (await openEventStore(url, { schema })).close();
  const holdFloor = await administer(url, async (client) => {
    const query = async (text: string): Promise<Record<string, unknown>[]> => (await client.query<Record<string, unknown>>(text)).rows;
    const [mark, floor] = [await storeFunction(query, name, "high_water_mark"), await storeFunction(query, name, "hold_floor")];
    const { rows } = await client.query<{ definition: string }>("select pg_get_functiondef($1::regproc) as definition", [mark]);
    await client.query(firstStepOf(rows[0]?.definition ?? ""));
    return floor;
  });
  return [
    {
      what: "an append's floor",
      read: `perform ${holdFloor}(); v_read := current_setting('tidemark.floor_' || ${sequence}::regclass::oid)::bigint;`,
    },
    { what: "a reader's mark", read: `select mark into v_read from ${name}.first_step(0, null);` },
  ];
}

/**
 * The function that reads the mark, ended after its first step: by the time it returns, sessions that draw as fast as they can are
 * far beyond anything that a torn read shows.
 */
function firstStepOf(definition: string): string {
  const step = definition
    .replace(/\.high_water_mark_\w+\(/, ".first_step(")
    .replace("into v_log, v_last;", "into v_log, v_last; mark := v_last; return;")
    .replace(/ SET enable_\w+ TO 'off'/g, "");
  if (!step.includes("mark := v_last; return;") || !step.includes(".first_step("))
    throw new Error(`The mark is read in another way than it was:\n${definition}`);
  return step;
}
