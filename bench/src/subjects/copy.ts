import pg from "pg";
import { migrationSql } from "tidemark";
import { v7 } from "uuid";
import { eventData, eventType } from "../payload.ts";
import { copyIn } from "./copy-in.ts";

const streamColumns = "ceiling.streams (id, tenant, name)";
const eventColumns = "ceiling.events (position, stream_id, version, id, recorded_at, type, data)";

interface Stream {
  readonly id: number;
  version: number;
}

/**
 * The ceiling: COPY into Tidemark's own tables, with their indexes, under another schema name. Ids, versions and positions
 * are counted here instead of by the database, which only one process can do.
 */
export interface CopyTables {
  /** Copies streams with `eventsEach` events, in one transaction. */
  newStreams(names: readonly string[], eventsEach: number): Promise<number>;
  /** Copies one event to each, a stream as often as it is named. */
  extend(names: readonly string[]): Promise<number>;
  close(): Promise<void>;
}

export async function openCopyTables(url: string): Promise<CopyTables> {
  const pool = new pg.Pool({ connectionString: url });
  await pool.query(`begin; ${migrationSql({ schema: "ceiling" })}; commit`);
  const streams = new Map<string, Stream>();
  let positions = 0;

  function create(name: string): Stream {
    const stream = { id: streams.size + 1, version: 0 };
    streams.set(name, stream);
    return stream;
  }
  function eventRow(stream: Stream): string {
    stream.version += 1;
    positions += 1;
    // Nothing in the payload needs COPY's escapes.
    return `${positions}\t${stream.id}\t${stream.version}\t${v7()}\t${new Date().toISOString()}\t${eventType}\t${JSON.stringify(eventData)}\n`;
  }

  async function newStreams(names: readonly string[], eventsEach: number): Promise<number> {
    let streamRows = "";
    let eventRows = "";
    for (const name of names) {
      const stream = create(name);
      streamRows += `${stream.id}\t\t${name}\n`;
      for (let n = 0; n < eventsEach; n += 1) eventRows += eventRow(stream);
    }
    await copyIn(pool, [
      { into: streamColumns, rows: streamRows },
      { into: eventColumns, rows: eventRows },
    ]);
    return names.length * eventsEach;
  }

  return {
    newStreams,
    async extend(names) {
      const unknown = [...new Set(names)].filter((name) => !streams.has(name));
      if (unknown.length > 0) await newStreams(unknown, 1);
      const rows = names.map((name) => eventRow(streams.get(name) ?? create(name)));
      await copyIn(pool, [{ into: eventColumns, rows: rows.join("") }]);
      return names.length;
    },
    close: () => pool.end(),
  };
}
