-- Starts a new epoch: the projections that appends must write have changed. The upper bits are a count, so that the epoch rises; the
-- lower 32 are random. After a restore the same count comes again with other projections, and a process from before must not mistake
-- it for the epoch it knows.
create function :"schema".raise_epoch() returns void
  language sql
  set search_path = pg_catalog, pg_temp
as $tidemark$
  update :"schema".projection_epoch set epoch = (((epoch >> 32) + 1) << 32) | floor(random() * 4294967296)::bigint where only_row;
$tidemark$;
