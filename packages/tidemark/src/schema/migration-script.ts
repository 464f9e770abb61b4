import { createFunctions, type FunctionSet, keptSets, publicFunctions, suffixOf } from "./function-set.ts";
import type { Migration, SchemaStep } from "./migrations.ts";
import { quoteLiteral, renderSql } from "./render.ts";

/**
 * The tables that tell what was applied. They belong to no migration, since each step begins by writing its row here.
 * applied_by is the role's name.
 */
export const createBookkeeping = `create table :"schema".migrations (
  version integer not null,
  name text collate "C" not null,
  hash text collate "C" not null,
  breaking boolean not null,
  applied_at timestamptz(3) not null default pg_catalog.clock_timestamp(),
  applied_by text collate "C" not null default current_user,
  constraint migrations_pkey primary key (version),
  constraint migrations_version_check check (version > 0)
);

create table :"schema".function_sets (
  hash text collate "C" not null,
  applied_at timestamptz not null default pg_catalog.clock_timestamp(),
  applied_by text collate "C" not null default current_user,
  constraint function_sets_pkey primary key (hash)
);`;

/**
 * Lets one migrator at a time into a schema, until its transaction ends. One 64-bit key: the locks of appends have two, so
 * they never meet. Schemas whose names have the same hash wait for each other, no more.
 */
export function migrationLock(schema: string): string {
  return `select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(${quoteLiteral(`tidemark migrations of ${schema}`)}, 0));`;
}

/** One step, ready to run. Its row comes first: a migrator without the lock fails there, before it changes anything. */
export function stepScript(step: SchemaStep, schema: string): string {
  return "version" in step ? migrationScript(step, schema) : functionScript(step, schema);
}

function migrationScript({ version, name, hash, breaking, text }: Migration, schema: string): string {
  const row = [version, quoteLiteral(name), quoteLiteral(hash), breaking].join(", ");
  return `${renderSql(`insert into :"schema".migrations (version, name, hash, breaking)`, schema)}
values (${row});

${renderSql(text, schema)}`;
}

/**
 * Adds a set of functions, leads the public names to it, and drops the sets that are older than the last few. A set that is
 * there already is written again as it is: a script may be run on a schema whose functions did not change.
 */
function functionScript(set: FunctionSet, schema: string): string {
  return `${renderSql('insert into :"schema".function_sets (hash)', schema)}
values (${quoteLiteral(set.hash)})
on conflict on constraint function_sets_pkey do nothing;

${createFunctions(set, schema)}
${renderSql(leadPublicNames(set), schema)}
${renderSql(dropOldSets, schema)}`;
}

/** Each public function calls the one of `set` that has its name, arguments and results. */
function leadPublicNames(set: FunctionSet): string {
  const names = publicFunctions.filter((name) => set.functions.some((one) => one.name === name));
  return `do $tidemark$
declare
  v_function record;
begin
  for v_function in
    select p.oid, p.pronargs, name
      from pg_catalog.unnest('{${names.join()}}'::text[]) as name
      join pg_catalog.pg_proc as p on p.pronamespace = :regnamespace and p.proname = name || ${quoteLiteral(suffixOf(set))}
  loop
    execute pg_catalog.format(
      'create or replace function %s.%I(%s) returns %s language sql volatile as %L',
      :regnamespace, v_function.name, pg_catalog.pg_get_function_arguments(v_function.oid), pg_catalog.pg_get_function_result(v_function.oid),
      pg_catalog.format('select * from %s(%s)', v_function.oid::regproc, (select pg_catalog.string_agg('$' || n, ', ') from pg_catalog.generate_series(1, v_function.pronargs) as n)));
  end loop;
end
$tidemark$;
`;
}

/** One DROP for a whole set: its functions depend on each other. */
const dropOldSets = `do $tidemark$
declare
  v_hash text;
  v_functions text;
begin
  for v_hash in select hash from :"schema".function_sets order by applied_at desc, hash offset ${keptSets} loop
    select pg_catalog.string_agg(p.oid::regprocedure::text, ', ')
      into v_functions
      from pg_catalog.pg_proc as p
     where p.pronamespace = :regnamespace and pg_catalog.right(p.proname, 9) = '_' || pg_catalog.left(v_hash, 8);
    if v_functions is not null then
      execute 'drop function ' || v_functions;
    end if;
    delete from :"schema".function_sets where hash = v_hash;
  end loop;
end
$tidemark$;
`;
