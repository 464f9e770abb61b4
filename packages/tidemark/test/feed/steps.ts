import type pg from "pg";
import type { FunctionName } from "../../src/schema/sql.generated.ts";
import { fn } from "../support/functions.ts";

/** A place in a function of the store's where a test may stop it: behind `after` in its text. */
export interface Pause {
  readonly function: FunctionName;
  readonly after: string;
}

/** Between the steps of an append: the sequence read | the floor held | the position drawn, the event written | committed. */
export const writerPauses: Readonly<Record<"append_many" | "append_one" | "append_singles", readonly Pause[]>> = {
  append_many: [
    { function: "hold_floor", after: "v_floor := least(v_floor, v_last);" },
    { function: "append_many", after: `.${fn("hold_floor")}(p_epoch);` },
    { function: "append_many", after: "into written, written_at from stored;" },
  ],
  append_one: [
    { function: "hold_floor", after: "v_floor := least(v_floor, v_last);" },
    { function: "append_one", after: `.${fn("hold_floor")}(p_epoch);` },
    { function: "append_one", after: "into v_position, v_written;" },
  ],
  append_singles: [
    { function: "hold_floor", after: "v_floor := least(v_floor, v_last);" },
    { function: "append_singles", after: `.${fn("hold_floor")}(p_epoch);` },
    { function: "append_singles", after: "into positions, written_at from written;" },
  ],
};
/** Between the steps of a reader: the sequence read | the floors read | the last event read. */
export const readerPauses: readonly Pause[] = [
  { function: "high_water_mark", after: "into v_log, v_last;" },
  { function: "high_water_mark", after: "mark := least(mark, v_last);" },
];

/** A change to the text of the store's functions. */
export type Edit = (text: string) => string;

/**
 * Puts the pauses into the functions of `schema`: each waits while somebody holds its lock, one of the actor's own. Sessions
 * say who they are with the setting `test.actor`; without it they never wait. `edit` is applied first.
 */
export async function installPauses(sql: pg.Pool, schema: string, pauses: readonly Pause[], edits: Readonly<Record<string, Edit>> = {}): Promise<void> {
  await sql.query(`
    create or replace function public.pause(p_place integer) returns void language plpgsql set lock_timeout = 0 as $$
    declare v_actor constant integer := nullif(current_setting('test.actor', true), '')::integer;
    begin
      if v_actor is null then return; end if;
      perform pg_advisory_lock_shared(v_actor * 100 + p_place);
      perform pg_advisory_unlock_shared(v_actor * 100 + p_place);
    end $$`);
  for (const name of new Set(pauses.map((pause) => pause.function))) {
    const { rows } = await sql.query<{ definition: string }>(
      "select pg_get_functiondef(oid) as definition from pg_proc where pronamespace = (select oid from pg_namespace where nspname = $1) and proname = $2",
      [schema, fn(name)],
    );
    let text = (edits[name] ?? ((unchanged) => unchanged))(rows[0]?.definition ?? "");
    pauses.forEach((pause, index) => {
      if (pause.function !== name) return;
      if (text.split(pause.after).length !== 2) throw new Error(`${name} must hold this text once, so that it can be stopped behind it: ${pause.after}`);
      text = text.replace(pause.after, () => `${pause.after}\n  perform public.pause(${index + 1});`);
    });
    await sql.query(text);
  }
}

/** Somebody who takes one step at a time. */
export interface Actor {
  /** Goes on to the next pause, or to the end; the first step begins. */
  step(): Promise<void>;
}

/**
 * An actor whose `work` runs on `client` and waits at each of `pauses`. `control` holds the locks that it waits for and lets
 * it pass.
 */
export function createActor(control: pg.ClientBase, client: pg.ClientBase, number: number, pauses: number, work: () => Promise<void>): Actor {
  let running: Promise<void> | undefined;
  const over = new AbortController();
  let place: number | undefined;

  async function arrive(): Promise<void> {
    place = undefined;
    while (!over.signal.aborted && place === undefined) {
      const { rows } = await control.query<{ place: number }>(
        `select (objid::bigint - $1 * 100)::int as place from pg_locks
          where locktype = 'advisory' and objsubid = 1 and objid::bigint / 100 = $1 and not granted
            and database = (select oid from pg_database where datname = current_database())`,
        [number],
      );
      place = rows[0]?.place;
    }
    if (over.signal.aborted) await running;
  }

  async function start(): Promise<void> {
    await control.query("select pg_advisory_lock($1 * 100 + place) from generate_series(1, $2::int) as place", [number, pauses]);
    await client.query("select set_config('test.actor', $1, false)", [`${number}`]);
    running = work().finally(() => over.abort());
  }

  return {
    async step() {
      if (running === undefined) await start();
      else await control.query("select pg_advisory_unlock($1)", [number * 100 + (place ?? 0)]);
      await arrive();
    },
  };
}
