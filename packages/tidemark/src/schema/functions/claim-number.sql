-- The claim on a tag or a type of a tenant, whose text was hashed to p_seed: an advisory lock of class event_tags or events.
-- 32 bits, so that names that have nothing to do with each other hardly ever share one.
create function :"schema".claim_number(p_name text, p_seed integer) returns integer
  language sql immutable strict parallel safe
return :"schema".lock_number(pg_catalog.hashtextextended(p_name, p_seed::bigint));
