/** A statement, and what goes with it. */
interface Asked {
  readonly text: string;
  readonly values?: readonly unknown[];
}

/** What drivers make different things of, or what is hard to ask for inside another statement. */
export const awkwardRows: readonly Asked[] = [
  {
    text: `select 9007199254740993::int8 as total_cents, 12.340::numeric as unit_price, '2026-11-20 10:00:00.123456+02'::timestamptz as sold_at,
      '2026-11-20'::date as sold_on, '{"snake_key": [1, null, {"a_b": "c"}]}'::jsonb as line_data, '[1.50]'::json as kept, true as is_paid,
      pg_catalog.decode('deadbeef', 'hex') as raw_bytes, array['a,b', 'c"d', null, '']::text[] as all_tags, array[1, 2]::int8[] as all_ids, 7 as n, 1.5::float8 as ratio,
      'NaN'::numeric as no_number, 'infinity'::timestamptz as for_ever, '1 day 02:03'::interval as took, 'b7c1a1de-0000-4000-8000-000000000001'::uuid as id`,
  },
  {
    text: String.raw`select null::int8 as nothing, '' as no_text, 'it''s (a), \ "text"' as with_marks, E'a\'b\n;' as escaped, $x$ returning; -- $x$ as dollars,
      ' ' as space, $1::text as given, '${"\u2028"}🍵' as wide, 'select' as "from", 1 as "10", 2 as "9" -- ends in a comment;`,
    values: ['($1, "?")'],
  },
  { text: "select 1 as same, 2::int8 as same, 3 + 4, null::text as only; " },
  { text: "select null::text as only" },
  { text: "select 1 as n where false" },
  { text: "select from (values (1), (2)) v" },
  { text: "(select 1 as n) union all (select 2) order by n desc" },
  { text: "values (1, 'a'), (2, null)" },
  {
    text: "select row(1, 'a b') as pair, pg_catalog.pg_advisory_xact_lock(1), 'fine'::public.mood as my_mood, 5::public.cents as my_cents, array[5]::public.cents[] as many",
  },
  { text: "with recursive n (i) as (select 1 union all select i + 1 from n where i < 3) select i as line_no from n order by i desc" },
  { text: "with a as (select 1 as n) /* ( */ select n, (select count(*) from a) as of_all from a" },
  { text: "select relname from pg_catalog.pg_class where relname = 'pg_class' for share" },
];

/** What changes rows, one after another. */
export const changes: readonly Asked[] = [
  { text: "insert into public.line_items values ($1, $2), (2, 'returning')", values: [1, "one"] },
  { text: "update public.line_items set line_text = line_text || '!' where line_id = 3" },
  { text: "insert into public.line_items values (3, null) on conflict (line_id) do nothing returning line_id, line_text, line_id::int8 as big_id" },
  { text: "with gone as (delete from public.line_items where line_id = 2 returning *) insert into public.line_items select line_id + 10, line_text from gone" },
  { text: "with gone as (delete from public.line_items where line_id = 12 returning *) select line_text, (select count(*) from gone) as how_many from gone" },
  { text: "with a as (select 3 as id) update public.line_items set line_text = 'three' from a where line_id = a.id returning line_text" },
  { text: "delete from public.line_items where line_id = 99 returning line_id" },
  { text: "delete from public.line_items" },
];

/** Statements whose rows cannot be asked for inside another one. */
export const unfitting: readonly string[] = ["show server_version_num", "explain select 1", String.raw`select '\', 1 as n`];
