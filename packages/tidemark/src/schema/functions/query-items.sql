-- The alternatives of a boundary's query: types and tags of each, joined by U+001E, the names of one by U+001F; '' is none.
--
-- A function of its own, and strict so that it stays one: the planner takes it for one row whatever is given. Of the bare
-- unnest it knows the rows of the values given, and takes ten where it does not know them, so that it would never keep a plan
-- of the statement, and to make one costs three times what it takes to run it.
create function :"schema".query_items(p_types text, p_tags text) returns table (types text[], tags text[])
  language sql immutable strict rows 1
as $tidemark$
  select string_to_array(nullif(each.types, ''), chr(31)), string_to_array(nullif(each.tags, ''), chr(31))
    from unnest(string_to_array(p_types, chr(30)), string_to_array(p_tags, chr(30))) as each (types, tags);
$tidemark$;
