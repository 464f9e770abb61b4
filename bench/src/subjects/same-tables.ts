import pg from "pg";
import { migrationSql } from "tidemark";
import { v7 } from "uuid";
import { eventData, eventType } from "../payload.ts";

const insertNew = `
with stream as (insert into floor.streams (tenant, name) values ('', $1) returning id)
insert into floor.events (position, stream_id, version, id, recorded_at, tenant, type, data)
select nextval('floor.events_position_seq'), id, 1, $2, clock_timestamp(), '', $3, $4 from stream`;

const insertNext = `
insert into floor.events (position, stream_id, version, id, recorded_at, tenant, type, data)
select nextval('floor.events_position_seq'), s.id, 1 + (select coalesce(max(e.version), 0) from floor.events as e where e.stream_id = s.id),
       $2, clock_timestamp(), '', $3, $4
  from floor.streams as s where s.tenant = '' and s.name = $1`;

const createStream = "insert into floor.streams (tenant, name) values ('', $1) on conflict do nothing";

/** Appends one event to a stream. */
export interface SameTables {
  append(stream: string, isNew: boolean, giveUp?: AbortSignal): Promise<number>;
  close(): Promise<void>;
}

/**
 * The floor with Tidemark's own tables: one bare insert writes the same rows into the same tables with the same indexes. No lock, no
 * look-up of ids, no order that a reader could follow.
 */
export async function openSameTables(url: string): Promise<SameTables> {
  const pool = new pg.Pool({ connectionString: url });
  await pool.query(`begin; ${migrationSql({ schema: "floor" })}; commit`);
  const created = new Set<string>();
  return {
    async append(stream, isNew, giveUp) {
      if (!isNew && !created.has(stream)) {
        await pool.query(createStream, [stream]);
        created.add(stream);
      }
      const name = isNew ? "same_tables_new" : "same_tables_next";
      for (;;) {
        try {
          await pool.query({ name, text: isNew ? insertNew : insertNext, values: [stream, v7(), eventType, JSON.stringify(eventData)] });
          return 1;
        } catch (error) {
          // Of two callers on one stream, one has to try again.
          if (isNew || !(error instanceof pg.DatabaseError) || error.code !== "23505") throw error;
        }
        if (giveUp?.aborted) return 0;
      }
    },
    close: () => pool.end(),
  };
}
