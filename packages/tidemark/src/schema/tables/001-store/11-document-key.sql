-- The place of a JSON value in one order of all values, as text to compare by collation "C": what is absent (an SQL null),
-- null, false, true, numbers, texts by code point, then arrays and objects, which are all alike. Conditions, orders and
-- indexes of collections speak of it, so that one index serves them all, in a database of any collation.
-- projections/documents/document-key.ts makes the same text.
--
-- It runs in the caller's search_path, since a SET would cost every row, and so each call in it names its schema.
--
-- A number is the text of its eight bytes as a double, as JavaScript reads it; those of a negative one inverted, so that
-- less is smaller. A text is cut at 150 characters, for a B-tree takes no entry above 2,704 bytes: an order goes no further,
-- and conditions look at the whole text besides.
create function :"schema".document_key(p_value jsonb) returns text
  language plpgsql immutable parallel safe
as $tidemark$
declare
  v_text text;
  v_bytes text;
begin
  case pg_catalog.jsonb_typeof(p_value)
    when 'string' then
      return 's' operator(pg_catalog.||) pg_catalog.left(p_value operator(pg_catalog.#>>) '{}', 150);
    when 'number' then
      v_text := p_value operator(pg_catalog.#>>) '{}';
      -- Only what another program wrote is longer: a double ends at 1.8e308 and begins at 4.9e-324, where a cast would fail.
      if pg_catalog.length(v_text) > 300 then
        v_text := case
          when p_value::numeric operator(pg_catalog.>) 1.7976931348623157e308 then 'Infinity'
          when p_value::numeric operator(pg_catalog.<) -1.7976931348623157e308 then '-Infinity'
          when pg_catalog.abs(p_value::numeric) operator(pg_catalog.<) 4.9406564584124654e-324 then '0'
          else v_text
        end;
      end if;
      v_bytes := pg_catalog.encode(pg_catalog.float8send(v_text::float8), 'hex');
      if pg_catalog.left(v_text, 1) = '-' then
        return 'n0' operator(pg_catalog.||) pg_catalog.translate(v_bytes, '0123456789abcdef', 'fedcba9876543210');
      end if;
      return 'n1' operator(pg_catalog.||) v_bytes;
    when 'null' then
      return 'b';
    when 'boolean' then
      return case when p_value = 'true'::jsonb then 'd' else 'c' end;
    when 'array', 'object' then
      return 't';
    else
      return 'a';
  end case;
end
$tidemark$;
