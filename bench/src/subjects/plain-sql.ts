import pg from "pg";
import { eventData, eventType } from "../payload.ts";
import type { Subject } from "./subject.ts";

/** What one would write by hand: nothing but what an append needs. */
export const plainEvents = `
create table if not exists plain_events (
  position bigint generated always as identity primary key,
  stream text not null,
  version bigint not null,
  type text not null,
  data jsonb not null,
  recorded_at timestamptz not null default now(),
  unique (stream, version)
)`;

const insertNew = `
insert into plain_events (stream, version, type, data)
select $1, n, type, data from unnest($2::text[], $3::jsonb[]) with ordinality as event (type, data, n)`;

const insertNext = `
insert into plain_events (stream, version, type, data)
select $1, n + (select coalesce(max(version), 0) from plain_events where stream = $1), type, data
  from unnest($2::text[], $3::jsonb[]) with ordinality as event (type, data, n)`;

/** The floor: one table, the driver's pool of ten and one prepared statement. No ids, no lock, no safe order to follow. */
export async function openPlainSql(url: string): Promise<Subject> {
  const pool = new pg.Pool({ connectionString: url });
  await pool.query(`begin; ${plainEvents}; commit`);
  return {
    name: "plain SQL",
    async append(stream, count, isNew, giveUp) {
      const types = Array.from({ length: count }, () => eventType);
      const data = Array.from({ length: count }, () => JSON.stringify(eventData));
      for (;;) {
        try {
          await pool.query({ name: isNew ? "insert_new" : "insert_next", text: isNew ? insertNew : insertNext, values: [stream, types, data] });
          return count;
        } catch (error) {
          // Of two callers on one stream, one has to try again.
          if (isNew || !(error instanceof pg.DatabaseError) || error.code !== "23505") throw error;
        }
        if (giveUp?.aborted) return 0;
      }
    },
    async readStream(stream) {
      const { rows } = await pool.query({ name: "read", text: "select * from plain_events where stream = $1 order by version", values: [stream] });
      return rows.length;
    },
    close: () => pool.end(),
  };
}
