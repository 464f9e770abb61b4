-- The low 32 bits of a number as the signed integer that advisory locks take.
create function :"schema".lock_number(p_number bigint) returns integer
  language sql immutable strict parallel safe
return (((p_number & 4294967295) # 2147483648) - 2147483648)::integer;
