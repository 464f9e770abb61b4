-- Makes an inline projection live: appends write it from now on. The last step of its follower, which closed the gate, then
-- applied what was left of the log, all in this transaction. False where it is not behind any more.
create function :"schema".make_projection_live(p_name text, p_version integer) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  update :"schema".projections as p
     set state = 'live', changed_at = clock_timestamp()
   where p.name = p_name and p.version = p_version and p.state = 'behind';
  if not found then
    return false;
  end if;
  update :"schema".consumers as c set paused = true where c.tenant = '' and c.kind = 'projection' and c.owner_name = p_name and c.owner_version = p_version;
  perform :"schema".raise_epoch();
  return true;
end
$tidemark$;
