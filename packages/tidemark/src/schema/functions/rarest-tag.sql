-- Of these tags one that few events after p_after carry, to look through those for what carries all: counted to 100, for more
-- makes no difference. The first where all are alike. To be called from functions with the settings of append_many, which
-- keep its plan.
create function :"schema".rarest_tag(p_tenant text, p_tags text[], p_after bigint) returns text
  language sql stable
as $tidemark$
  select tag
    from unnest(p_tags) with ordinality as each (tag, n)
   cross join lateral (
     select count(*) as events
       from (
         select from :"schema".event_tags as t
          where t.tenant = p_tenant and t.tag = each.tag and t.position > p_after
          order by t.position
          limit 100
       ) as carrying
   ) as counted
   order by events, n
   limit 1;
$tidemark$;
