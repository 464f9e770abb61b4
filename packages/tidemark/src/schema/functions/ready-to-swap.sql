-- Whether a version of a projection may serve instead of the one that does, and if so keeps it so until the transaction ends: the rows
-- of all versions are locked, so none is paused, dropped or swapped meanwhile, and of async ones the checkpoints, so that no reader
-- of the documents that serve now gets older ones afterwards.
--
-- An inline one has to be written by appends. An async one has to have a follower wherever the serving one has one, as far as that. Where it has
-- handlers, it goes no further than the serving one until it serves (projection_effects): of a log that grows all the while it is never quite
-- as far, so that 100 positions less will do.
--
-- verdict: 'ready', 'serving' (it does), 'unknown', 'inactive' (nothing writes it), 'building', 'failed' (its check), 'behind'.
-- detail: which tenants are behind; the check's error. since: when it was last brought up to date, as a text to compare.
--
-- Rows are waited for 500 ms at most (55P03), less than deadlock_timeout. A follower that commits holds one for as long as its process takes from
-- the checkpoint to COMMIT.
create function :"schema".ready_to_swap(p_name text, p_version integer, out verdict text, out detail jsonb, out serving integer, out since text)
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '500ms'
as $tidemark$
declare
  v_mode text;
  v_state text;
  v_less integer;
begin
  perform from :"schema".projections as p where p.name = p_name order by p.version for no key update;
  select p.version into ready_to_swap.serving from :"schema".projections as p where p.name = p_name and p.serving;
  select p.mode, p.state, case when p.definition ? 'collection' then 0 else 100 end into v_mode, v_state, v_less
    from :"schema".projections as p where p.name = p_name and p.version = p_version;
  if v_mode is null then
    verdict := 'unknown';
    return;
  elsif ready_to_swap.serving = p_version then
    verdict := 'serving';
    return;
  elsif v_state in ('paused', 'inactive') then
    verdict := 'inactive';
    detail := to_jsonb(v_state);
    return;
  end if;

  update :"schema".projection_builds as b
     set state = 'ready', built_at = clock_timestamp()
    from :"schema".consumers as c
    join :"schema".consumer_shards as s on s.tenant = c.tenant and s.consumer = c.name
   where b.name = p_name and b.version = p_version and b.state = 'building' and b.way = 'follow'
     and c.kind = 'projection' and c.owner_name = p_name and c.owner_version = p_version and c.tenant = b.tenant
     and (v_state = 'live' or greatest(s.position, b.reached) >= least(b.target, (
       select at.position
         from :"schema".consumers as old
         join :"schema".consumer_shards as at on at.tenant = old.tenant and at.consumer = old.name
        where v_mode = 'async' and old.kind = 'projection' and old.owner_name = p_name and old.owner_version = ready_to_swap.serving and old.tenant = b.tenant
     )));
  select b.state, b.error into verdict, detail
    from :"schema".projection_builds as b
   where b.name = p_name and b.version = p_version and b.state <> 'ready'
   order by b.state = 'failed' desc
   limit 1;
  if found then
    verdict := case verdict when 'failed' then 'failed' else 'building' end;
    return;
  end if;

  select concat(p.changed_at, (select max(b.built_at) from :"schema".projection_builds as b where b.name = p.name and b.version = p.version)) into since
    from :"schema".projections as p where p.name = p_name and p.version = p_version;
  if v_mode = 'inline' then
    verdict := case v_state when 'live' then 'ready' else 'behind' end;
    return;
  end if;
  perform
     from :"schema".consumers as c
     join :"schema".consumer_shards as s on s.tenant = c.tenant and s.consumer = c.name
    where c.kind = 'projection' and c.owner_name = p_name and c.owner_version in (p_version, ready_to_swap.serving)
    order by s.id
      for no key update of s;
  select jsonb_agg(old.tenant order by old.tenant) into detail
    from :"schema".consumers as old
    join :"schema".consumer_shards as at on at.tenant = old.tenant and at.consumer = old.name
    left join :"schema".projection_builds as b on b.name = p_name and b.version = p_version and b.tenant = old.tenant
   where old.kind = 'projection' and old.owner_name = p_name and old.owner_version = ready_to_swap.serving
     and not exists (
       select
         from :"schema".consumers as new
         join :"schema".consumer_shards as s on s.tenant = new.tenant and s.consumer = new.name
        where new.kind = 'projection' and new.owner_name = p_name and new.owner_version = p_version and new.tenant = old.tenant
          and greatest(s.position, b.reached) >= at.position - v_less
     );
  verdict := case when detail is null then 'ready' else 'behind' end;
end
$tidemark$;
