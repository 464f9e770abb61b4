-- The streams whose events are asked for, of many readings at once: tenant and name of each, joined by U+001E, the versions after
-- which and up to which, and whose snapshot to begin with (kind, name and catalogue, joined by U+001E; state version), where p_kept is not ''.
-- Streams and snapshots are joined by U+001F. n is the number of each, from 1.
--
-- Strict, and so a function of its own, for the same reason as query_items: the statement around it keeps its plan.
-- It runs in the caller's search_path, since a SET would cost every read, and so each call in it names its schema.
create function :"schema".first_page_requests(p_streams text, p_after bigint[], p_until bigint[], p_kept text, p_state_versions integer[])
  returns table (tenant text, name text, after bigint, until bigint, kind text, snapshot text, catalogue text, state_version integer, n bigint)
  language sql immutable strict rows 1
as $tidemark$
  select pg_catalog.split_part(stream, pg_catalog.chr(30), 1), pg_catalog.split_part(stream, pg_catalog.chr(30), 2), each.after, each.until,
         pg_catalog.split_part(kept, pg_catalog.chr(30), 1), pg_catalog.split_part(kept, pg_catalog.chr(30), 2),
         pg_catalog.split_part(kept, pg_catalog.chr(30), 3), each.state_version, each.n
    from unnest(pg_catalog.string_to_array(p_streams, pg_catalog.chr(31)), p_after, p_until, pg_catalog.string_to_array(p_kept, pg_catalog.chr(31)), p_state_versions)
         with ordinality as each (stream, after, until, kept, state_version, n);
$tidemark$;
