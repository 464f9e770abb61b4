-- The low 32 bits of a number as the signed integer that advisory locks take. Its body is parsed when it is created, and no
-- search_path changes it afterwards.
create function :"schema".lock_number(p_number bigint) returns integer
  language sql immutable strict parallel safe
return (((p_number operator(pg_catalog.&) 4294967295) operator(pg_catalog.#) 2147483648) operator(pg_catalog.-) 2147483648)::integer;
