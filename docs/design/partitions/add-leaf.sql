-- Adds a leaf. It is made beside the log and attached under SHARE UPDATE EXCLUSIVE, which no append waits for.
--
--   :from, :to  its positions: from inclusive, to exclusive
create table :"schema".events_:from (like :"schema".events including defaults including storage including compression);
alter table :"schema".events_:from add constraint events_:from_pkey primary key (position);
alter table :"schema".events_:from add constraint events_:from_stream_id_version_key unique (stream_id, version);
alter table :"schema".events_:from add constraint events_:from_tenant_id_key unique (tenant, id);
create index events_:from_recorded_at_brin on :"schema".events_:from using brin (recorded_at);
create trigger events_append_only
  before update or delete or truncate on :"schema".events_:from
  for each statement execute function :"schema".refuse_change('events are append-only', 'Append an event that corrects the earlier one.');

-- An append under a snapshot asks each leaf by itself.
do $tidemark$
declare
  v_grant record;
begin
  for v_grant in
    select acl.privilege_type, case acl.grantee when 0 then 'public' else acl.grantee::regrole::text end as grantee
      from pg_catalog.pg_class as c, pg_catalog.aclexplode(c.relacl) as acl
     where c.oid = :regclass(events) and acl.grantee <> c.relowner
  loop
    execute format('grant %s on %s to %s', v_grant.privilege_type, :regclass(events_:from), v_grant.grantee);
  end loop;
end
$tidemark$;

alter table :"schema".events attach partition :"schema".events_:from for values from (:from) to (:to);
