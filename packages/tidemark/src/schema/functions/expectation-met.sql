-- Whether a stream is where an append expects it: the only place with this rule, for every way to append. PostgreSQL inlines the body
-- into the calling statements, so it costs nothing.
--
--   p_expected  >= 0 exactly this version, or an `expected` of codes.ts
--   p_version   where the stream is, 0: it has no events
--   p_position  its last event's; where it was written just now, and its position is not drawn yet, what is greater than all positions
create function :"schema".expectation_met(p_expected bigint, p_version bigint, p_position bigint) returns boolean
  language sql immutable parallel safe
return case
  when p_expected >= 0 then p_version = p_expected
  when p_expected = :expected(stream_exists) then p_version > 0
  when p_expected <= :expected(unchanged_since) then p_position <= :expected(unchanged_since) - p_expected
  else true
end;
