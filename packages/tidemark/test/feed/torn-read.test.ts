import pg from "pg";
import { openStore, sequenceOf } from "./open.ts";
import { describe, expect, test } from "./test.ts";
import { fn } from "../support/functions.ts";

/**
 * What a session makes of the sequence, against the next position that it draws itself. A value that is not below that
 * position lies ahead of the truth: a floor or a mark made of it passes positions that are still to be written.
 */
const readings = {
  "an append's floor": (name: string, sequence: string) =>
    `perform ${name}.${fn("hold_floor")}(); v_read := current_setting('tidemark.floor_' || '${sequence}'::regclass::oid)::bigint;`,
  "a reader's first step": (name: string) => `select mark into v_read from ${name}.first_step();`,
  // What a select from the sequence finds now and then, when it reads the row while a draw logs the next 32: how soon is up to the machine, so here it is
  // read each time.
  "the value that is logged ahead, which nothing may take": (_name: string, sequence: string) => `select last_value + log_cnt into v_read from ${sequence};`,
} as const;

/** Reads `rounds` times, ends with the first wrong value, and returns by how much it was wrong. */
async function read(client: pg.Client, reading: string, sequence: string, rounds: number): Promise<number> {
  await client.query(`
    do $do$
    declare v_read bigint; v_next bigint;
    begin
      perform set_config('test.ahead', '0', false);
      for n in 1 .. ${rounds} loop
        ${reading}
        v_next := nextval('${sequence}'::regclass);
        if v_read >= v_next then
          perform set_config('test.ahead', (v_read - v_next + 1)::text, false);
          exit;
        end if;
        commit;
      end loop;
    end $do$`);
  const { rows } = await client.query<{ ahead: string }>("select current_setting('test.ahead') as ahead");
  return Number(rows[0]?.ahead);
}

describe("beside sessions that draw positions as fast as they can,", () => {
  test.for(Object.entries(readings))("%s", { timeout: 300_000 }, async ([what, reading], { databaseUrl, schema, sql }) => {
    await using _store = await openStore(databaseUrl, schema);
    const [name, sequence] = [pg.escapeIdentifier(schema), sequenceOf(schema)];
    // The mark's function, which here returns what its first step found.
    const { rows } = await sql.query<{ definition: string }>(
      "select pg_get_functiondef(oid) as definition from pg_proc where pronamespace = (select oid from pg_namespace where nspname = $1) and proname = $2",
      [schema, fn("high_water_mark")],
    );
    const whole = rows[0]?.definition ?? "";
    const firstStep = whole
      .replace(`.${fn("high_water_mark")}(p_position bigint, p_id uuid, OUT`, ".first_step(OUT")
      .replace("into v_log, v_last;", () => "into v_log, v_last; mark := v_last; return;")
      .replace(/ SET enable_\w+ TO 'off'/g, "");
    expect(firstStep).not.toBe(whole);
    await sql.query(firstStep);

    const drawing = [1, 2, 3].map(() => new pg.Client({ connectionString: databaseUrl }));
    const reader = new pg.Client({ connectionString: databaseUrl });
    await Promise.all([reader, ...drawing].map((client) => client.connect()));
    const draws = drawing.map((client) =>
      client.query(`do $$ begin loop perform nextval('${sequence}'::regclass); end loop; end $$`).catch((error: unknown) => error),
    );
    try {
      const ahead = await read(reader, reading(name, sequence), sequence, 30_000);
      if (what.includes("logged ahead")) expect(ahead).toBeGreaterThan(0);
      else expect(ahead).toBe(0);
    } finally {
      await sql.query(
        "select pg_cancel_backend(pid) from pg_stat_activity where datname = current_database() and query like 'do $$ begin loop perform nextval%'",
      );
      await Promise.all(draws);
      await Promise.all([reader, ...drawing].map((client) => client.end()));
    }
  });
});
