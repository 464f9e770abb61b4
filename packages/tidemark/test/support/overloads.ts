import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";

/** Whether each database of a test begins with overloads, and with a search_path that finds them. */
export const withOverloads: boolean = process.env["TIDEMARK_TEST_OVERLOADS"] === "1";

/** How many overloads ran in a database. */
export async function overloadCalls(databaseUrl: string): Promise<number> {
  return await connected(databaseUrl, async (client) => {
    const { rows } = await client.query("select case when is_called then last_value else 0 end::int as calls from public.overload_calls");
    return rows[0].calls;
  });
}

async function connected<T>(connectionString: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString, options: "-c search_path=" });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Every word of the library that stands before a bracket, the names of functions that its SQL calls among them. */
function calledNames(): readonly string[] {
  const source = join(import.meta.dirname, "../../src");
  const texts = globSync("**/*.{ts,sql}", { cwd: source, exclude: ["**/*.generated.ts"] }).map((file) => readFileSync(join(source, file), "utf8"));
  const names = new Set(texts.flatMap((text) => Array.from(text.matchAll(/\b([a-z_][a-z0-9_]*)\(/g), (match) => match[1] ?? "")));
  // Tests let statements of their own sleep on a store's connections.
  names.delete("pg_sleep");
  return [...names];
}

/**
 * Fills the schema `public` with overloads that fit better than what pg_catalog has, of each function that the library calls and of its
 * operators. Each of them counts in the sequence `overload_calls`, which a rollback does not undo, and raises.
 *
 * What PostgreSQL finds in pg_catalog with exactly these types stays what it was: no search_path with `public` alone changes that.
 */
export function overloadsSql(): string {
  return `
create sequence public.overload_calls;
create function public.overload_ran(name text) returns void language plpgsql as $$
begin
  perform pg_catalog.nextval('public.overload_calls');
  raise exception 'the overload % ran', name;
end
$$;

do $overloads$
declare
  c_names constant text[] := '{${calledNames().join()}}';
  c_types constant regtype[] := '{text,varchar,name,bigint,integer,smallint,numeric,float8,boolean,uuid,jsonb,date,timestamptz,text[],bigint[],integer[],uuid[]}';
  c_casts constant jsonb := '{"bigint": ["integer"], "numeric": ["integer", "bigint"], "double precision": ["integer", "numeric"]}';
  c_text constant jsonb := '{"text": ["character varying", "name"]}';
  v_function record;
  v_arguments text;
  v_type regtype;
  v_left regtype;
  v_right regtype;
  v_operator text;
begin
  -- Functions that take any type, for each type; others for types that are cast to theirs.
  for v_function in
    select distinct proname, oidvectortypes(proargtypes) as arguments
      from pg_proc
     where pronamespace = 'pg_catalog'::regnamespace and proname = any (c_names) and prokind <> 'w' and pronargs > 0
  loop
    for v_type in select unnest(c_types) loop
      v_arguments := regexp_replace(v_function.arguments, '\\m(anyarray|anycompatiblearray|anynonarray|anyelement|anycompatible|"any")\\M|"any"', '<\\&>', 'g');
      if v_arguments like '%<%' then
        v_arguments := replace(replace(v_arguments, '<anyarray>', '<any>[]'), '<anycompatiblearray>', '<any>[]');
        v_arguments := regexp_replace(v_arguments, '<[^>]*>', v_type::text, 'g');
      else
        v_arguments := (
          select string_agg(coalesce(casts -> part ->> (choice / 2 % jsonb_array_length(casts -> part)), part), ', ' order by n)
            from regexp_split_to_table(v_arguments, ', ') with ordinality as parts (part, n)
           cross join (select array_position(c_types, v_type) as choice) as chosen
           cross join lateral (select case when choice % 2 = 0 then c_casts else c_casts || c_text end as casts) as table_of
        );
      end if;
      begin
        if not exists (select from pg_proc where pronamespace = 'pg_catalog'::regnamespace and proname = v_function.proname and oidvectortypes(proargtypes) = v_arguments) then
          execute format('create function public.%I(%s) returns text language plpgsql as $f$ begin perform public.overload_ran(%L); return null; end $f$',
            v_function.proname, v_arguments, format('%s(%s)', v_function.proname, v_arguments));
        end if;
      exception when others then
        null;
      end;
    end loop;
  end loop;

  -- Operators on each pair of types that pg_catalog has none for, but finds one by casting.
  foreach v_left in array c_types loop
    foreach v_right in array c_types loop
      execute format('create function public.overload_of(%s, %s) returns boolean language plpgsql as $f$ begin perform public.overload_ran(%L); return null; end $f$',
        v_left, v_right, format('operator (%s, %s)', v_left, v_right));
      foreach v_operator in array '{=,<>,<,<=,>,>=,+,-,*,/,%,||,@>,<@,&&,->,->>,#>>,?,~,!~,&,|,#}'::text[] loop
        if not exists (
          select from pg_operator where oprnamespace = 'pg_catalog'::regnamespace and oprname = v_operator and oprleft = v_left and oprright = v_right
        ) then
          execute format('create operator public.%s (leftarg = %s, rightarg = %s, function = public.overload_of)', v_operator, v_left, v_right);
        end if;
      end loop;
    end loop;
  end loop;
end
$overloads$;`;
}
