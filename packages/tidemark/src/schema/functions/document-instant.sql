-- The time that a text in a document names, in milliseconds since 1970; null if it names none. ISO 8601: a day, or a day
-- and a time to the minute or finer, with Z or an offset. Without either it is UTC. Digits beyond milliseconds are cut
-- off, as JavaScript does, and a 30th of February is the 2nd of March.
create function :"schema".document_instant(p_value jsonb) returns bigint
  language plpgsql immutable parallel safe
as $tidemark$
declare
  v_parts text[];
  v_offset text;
begin
  if pg_catalog.jsonb_typeof(p_value) is distinct from 'string' then
    return null;
  end if;
  v_parts := pg_catalog.regexp_match(p_value operator(pg_catalog.#>>) '{}' collate "C",
    '^(?!0000)([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])'
    '(?:T([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:[.]([0-9]+))?)?(Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?)?$');
  if v_parts is null then
    return null;
  end if;
  v_offset := case when pg_catalog.length(v_parts[8]) = 6 then v_parts[8] else '+00:00' end;
  return (pg_catalog.make_date(v_parts[1]::integer, v_parts[2]::integer, 1) - date '1970-01-01' + v_parts[3]::integer - 1)::bigint * 86400000
    + (coalesce(v_parts[4], '0')::integer * 3600 + coalesce(v_parts[5], '0')::integer * 60 + coalesce(v_parts[6], '0')::integer) * 1000
    + pg_catalog.rpad(pg_catalog.left(coalesce(v_parts[7], '0'), 3), 3, '0')::integer
    - (pg_catalog.left(v_offset, 1) || '1')::integer * (pg_catalog.substr(v_offset, 2, 2)::integer * 60 + pg_catalog.substr(v_offset, 5, 2)::integer) * 60000;
end
$tidemark$;
