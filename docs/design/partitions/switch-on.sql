-- Makes events a table partitioned by position whose first leaf is what was events until now: no row is read or written. One
-- transaction; nothing in flight may hold the gate, which it closes.
--
--   :boundary  as in prepare.sql
set local lock_timeout = '2s';
select pg_catalog.pg_advisory_xact_lock(('x' || pg_catalog.lpad(pg_catalog.to_hex(:regclass(projections)::oid::bigint), 8, '0'))::bit(32)::integer, 0);
lock table :"schema".events in access exclusive mode;

alter table :"schema".events rename to events_0;
alter table :"schema".events_0 rename constraint events_pkey to events_0_pkey;
alter table :"schema".events_0 rename constraint events_stream_id_version_key to events_0_stream_id_version_key;
alter table :"schema".events_0 rename constraint events_tenant_id_key to events_0_tenant_id_key;
alter index :"schema".events_recorded_at_brin rename to events_0_recorded_at_brin;

-- Only what holds in every leaf can be a constraint here. The other two are each leaf's own.
create table :"schema".events (like :"schema".events_0 including defaults including storage including compression) partition by range (position);
alter table :"schema".events add constraint events_pkey primary key (position);
create index events_recorded_at_brin on :"schema".events using brin (recorded_at);
alter sequence :"schema".events_position_seq owned by :"schema".events.position;
create trigger events_append_only
  before update or delete or truncate on :"schema".events
  for each statement execute function :"schema".refuse_change('events are append-only', 'Append an event that corrects the earlier one.');
alter table :"schema".events attach partition :"schema".events_0 for values from (minvalue) to (:boundary);
alter table :"schema".events_0 drop constraint events_position_check;

-- Where events are chained: the first leaf's own trigger makes room for that of the whole, of which each leaf has a copy, those to come too.
do $tidemark$
begin
  if exists (select from pg_catalog.pg_trigger as t where t.tgrelid = :regclass(events_0) and t.tgname = 'events_chain') then
    drop trigger events_chain on :"schema".events_0;
    create trigger events_chain
      before insert on :"schema".events
      for each row when (new.hash is null) execute function :"schema".chain_event();
  end if;
end
$tidemark$;

-- The ids that callers chose since, whatever leaf they are in. Those of before are found in the first leaf.
create table :"schema".event_ids (
  tenant text collate "C" not null default '',
  id uuid not null,
  position bigint not null,
  constraint event_ids_pkey primary key (tenant, id)
);
create trigger event_ids_append_only
  before update or delete or truncate on :"schema".event_ids
  for each statement execute function :"schema".refuse_change('events are append-only', 'Append an event that corrects the earlier one.');

-- Who may read and append goes on to.
do $tidemark$
declare
  v_grant record;
begin
  for v_grant in
    select acl.privilege_type, case acl.grantee when 0 then 'public' else acl.grantee::regrole::text end as grantee
      from pg_catalog.pg_class as c, pg_catalog.aclexplode(c.relacl) as acl
     where c.oid = :regclass(events_0) and acl.grantee <> c.relowner
  loop
    execute format('grant %s on %s, %s to %s', v_grant.privilege_type, :regclass(events), :regclass(event_ids), v_grant.grantee);
  end loop;
end
$tidemark$;
