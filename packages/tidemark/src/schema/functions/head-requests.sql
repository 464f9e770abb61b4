-- The streams whose events are asked for, of many readings at once: tenant and name of each, joined by U+001E, the versions after
-- which and up to which, and whose snapshot to begin with (kind and name, joined by U+001E; state version), where p_kept is not ''.
-- Streams and snapshots are joined by U+001F. n is the number of each, from 1.
--
-- Strict, and so a function of its own, for the same reason as query_items: the statement around it keeps its plan.
create function :"schema".head_requests(p_streams text, p_after bigint[], p_until bigint[], p_kept text, p_state_versions integer[])
  returns table (tenant text, name text, after bigint, until bigint, kind text, snapshot text, state_version integer, n bigint)
  language sql immutable strict rows 1
as $tidemark$
  select split_part(stream, chr(30), 1), split_part(stream, chr(30), 2), each.after, each.until,
         split_part(kept, chr(30), 1), split_part(kept, chr(30), 2), each.state_version, each.n
    from unnest(string_to_array(p_streams, chr(31)), p_after, p_until, string_to_array(p_kept, chr(31)), p_state_versions)
         with ordinality as each (stream, after, until, kept, state_version, n);
$tidemark$;
