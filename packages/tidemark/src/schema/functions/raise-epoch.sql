-- Appends have something else to write from now on. A count in the upper bits, so that the epoch rises, and 32 random bits below:
-- after a restore to an earlier moment the same count comes again, with other projections, and a process from before must not take it
-- for the one it knows.
create function :"schema".raise_epoch() returns void
  language sql
  set search_path = pg_catalog, pg_temp
as $tidemark$
  update :"schema".projection_epoch set epoch = (((epoch >> 32) + 1) << 32) | floor(random() * 4294967296)::bigint where only_row;
$tidemark$;
