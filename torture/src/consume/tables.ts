import pg from "pg";

/** What the consumers write, in the store's database and beside the store. */
const tables = `
create schema app;

create table app.effects (
  consumer text not null,
  position bigint not null,
  id uuid not null,
  stream text not null,
  version bigint not null,
  shard integer not null,
  fence bigint not null,
  -- In which order the effects of a stream happened.
  seq bigint not null generated always as identity,
  constraint effects_pkey primary key (consumer, position)
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

/** An effect for each event, and a counter: what an event does twice, or not at all, shows in both. */
export const writeEffects = `
with written as (
  insert into app.effects (consumer, position, id, stream, version, shard, fence)
  select $1, e.position, e.id, e.stream, e.version, $2, $3
    from unnest($4::bigint[], $5::uuid[], $6::text[], $7::bigint[]) with ordinality as e (position, id, stream, version, n)
   order by n
  returning 1
)
insert into app.totals as t (consumer, shard, events)
select $1, $2, count(*) from written
on conflict on constraint totals_pkey do update set events = t.events + excluded.events`;
