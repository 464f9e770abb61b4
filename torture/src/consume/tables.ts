import pg from "pg";
import type { ConsumerContext, RecordedEvent } from "tidemark";
import { alteration } from "../history/content.ts";
import type { Reading } from "../shapes/code.ts";

/** What the consumers write, in the store's database and beside the store. */
const tables = `
create schema app;

create table app.effects (
  consumer text not null,
  position bigint not null,
  -- Of what the stored event is to the code that handled it.
  part integer not null,
  id uuid not null,
  stream text not null,
  version bigint not null,
  shard integer not null,
  fence bigint not null,
  reading text not null,
  -- What came instead of what the event is to this code.
  found text,
  -- In which order the effects of a stream happened.
  seq bigint not null generated always as identity,
  constraint effects_pkey primary key (consumer, position, part)
);

create table app.totals (
  consumer text not null,
  shard integer not null,
  events bigint not null,
  constraint totals_pkey primary key (consumer, shard)
);

-- Nothing is in here, and whoever refers to it is only found out at the commit.
create table app.nobody (id uuid not null, constraint nobody_pkey primary key (id));
create table app.debts (id uuid not null, constraint debts_id_fkey foreign key (id) references app.nobody (id) deferrable initially deferred);
`;

export async function createEffects(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(tables);
  await client.end();
}

const writeEffects = `
with written as (
  insert into app.effects (consumer, position, part, id, stream, version, shard, fence, reading, found)
  select $1, e.position, e.part, e.id, e.stream, e.version, $2, $3, $4, e.found
    from unnest($5::bigint[], $6::integer[], $7::uuid[], $8::text[], $9::bigint[], $10::text[])
         with ordinality as e (position, part, id, stream, version, found, n)
   order by n
  returning 1
)
insert into app.totals as t (consumer, shard, events)
select $1, $2, count(*) from written
on conflict on constraint totals_pkey do update set events = t.events + excluded.events`;

/** An effect for each event that a handler gets, and a counter: what is done twice, or not at all, shows in both. */
export async function writeEffectsOf(name: string, events: readonly RecordedEvent[], context: ConsumerContext, reading: Reading): Promise<void> {
  const column = <T>(of: (event: RecordedEvent) => T): T[] => events.map(of);
  await context.query(writeEffects, [
    name,
    context.shard,
    context.fence,
    reading,
    column(({ position }) => position),
    column(({ part }) => part ?? 0),
    column(({ id }) => id),
    column(({ streamId }) => streamId),
    column(({ version }) => version),
    column((event) => alteration(event, reading) ?? null),
  ]);
}
