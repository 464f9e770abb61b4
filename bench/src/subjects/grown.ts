import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import pg from "pg";
import { type EventStore, openEventStore, type StoreOptions } from "tidemark";
import { runSql } from "../databases.ts";
import { eventData, eventType } from "../payload.ts";
import type { Setting } from "../scenario.ts";

/** Of a stream. */
export const eventsOfOne = 10;
/** In one transaction: more would keep a snapshot open for minutes. */
const atOnce = 500_000;
/** Measured: tables and indexes, and as much again for what checkpoints and vacuum write meanwhile. */
const bytesAnEvent = 1_400;

/** Events as appends would have left them: ten a stream, each with a tag that nine others have. */
const fill = `
with filled as (
  insert into tidemark.streams (tenant, name) select '', 'cart-' || n from generate_series($1::bigint, $2::bigint) as n
  returning id
), written as (
  insert into tidemark.events (position, stream_id, version, id, recorded_at, type, data, tags)
  select nextval('tidemark.events_position_seq'), id, version, gen_random_uuid(), clock_timestamp(), $3, $4::jsonb, array['cart:' || id]
    from filled cross join generate_series(1, ${eventsOfOne}) as version
  returning position, tags
)
insert into tidemark.event_tags (tag, position) select unnest(tags), position from written`;

/** A store with so many events. */
export interface Grown {
  readonly name: string;
  readonly events: number;
  readonly url: string;
  readonly store: EventStore;
}

/** Opens a store and fills it by SQL; then the database is as autovacuum would leave it. @param more - SQL that fills other tables. */
export async function grow(setting: Setting, events: number, options: StoreOptions = {}, more = ""): Promise<Grown> {
  const url = await setting.createDatabase();
  const store: EventStore = await openEventStore(url, options);
  setting.cleanup.defer(() => store.close());
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  for (let done = 0; done < events; done += atOnce) {
    setting.progress(`filling ${events.toLocaleString("en")} events: ${done.toLocaleString("en")}`);
    const until = Math.min(events, done + atOnce);
    await client.query(fill, [done / eventsOfOne + 1, until / eventsOfOne, eventType, JSON.stringify(eventData)]);
  }
  if (more !== "") await client.query(more);
  await client.end();
  await runSql(url, "vacuum analyze");
  await runSql(url, "checkpoint");
  return { name: `${events.toLocaleString("en")} events`, events, url, store };
}

export async function refuseWithoutSpace(events: number): Promise<void> {
  const { bavail, bsize } = await statfs(tmpdir());
  const needed = events * bytesAnEvent;
  if (bavail * bsize > needed) return;
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(0)} GB`;
  throw new Error(
    `${events.toLocaleString("en")} events need about ${gigabytes(needed)} in ${tmpdir()}, where ${gigabytes(bavail * bsize)} are free. Give fewer with --events.`,
  );
}
