-- The alternatives of a boundary's query: types and tags of each, joined by U+001E, the names of one by U+001F; '' is none.
--
-- A function of its own, and strict so that it stays one: the planner takes it for one row whatever is given. Of the bare
-- unnest it knows the rows of the values given, and takes ten where it does not know them, so that it would never keep a plan
-- of the statement, and to make one costs three times what it takes to run it.
-- It runs in the caller's search_path, since a SET would cost every read, and so each call in it names its schema.
create function :"schema".query_items(p_types text, p_tags text) returns table (types text[], tags text[])
  language sql immutable strict rows 1
as $tidemark$
  select pg_catalog.string_to_array(nullif(each.types, ''), pg_catalog.chr(31)), pg_catalog.string_to_array(nullif(each.tags, ''), pg_catalog.chr(31))
    from unnest(pg_catalog.string_to_array(p_types, pg_catalog.chr(30)), pg_catalog.string_to_array(p_tags, pg_catalog.chr(30))) as each (types, tags);
$tidemark$;
