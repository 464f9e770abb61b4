-- The advisory lock of an inline projection's writers, in the class of the gate (the OID of projections), whose own number is 0.
create function :"schema".projection_number(p_follower text) returns integer
  language sql immutable strict parallel safe
return :"schema".lock_number(pg_catalog.hashtextextended(p_follower, 0));
