import type { Queryable } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import { type DoctorFinding, finding } from "./finding.ts";

/** What every role that appends and reads needs: see docs/reference/schema.md. `update` on one column locks rows. */
const needed: readonly { readonly table: string; readonly privileges: readonly string[]; readonly column?: string }[] = [
  { table: "migrations", privileges: ["select"] },
  { table: "function_sets", privileges: ["select"] },
  { table: "streams", privileges: ["select", "insert"] },
  { table: "streams", privileges: ["update"], column: "category" },
  { table: "events", privileges: ["select", "insert"] },
  { table: "event_tags", privileges: ["select", "insert"] },
  { table: "high_water_mark", privileges: ["select", "update"] },
  { table: "projection_epoch", privileges: ["select"] },
  { table: "projection_epoch", privileges: ["update"], column: "only_row" },
  { table: "projections", privileges: ["select"] },
  { table: "snapshots", privileges: ["select", "insert", "update", "delete"] },
  { table: "timers", privileges: ["select", "insert", "update", "delete"] },
];

/** What the role of this session lacks. Each table is asked for by its name, so that one which is missing is no error here. */
export async function examinePrivileges(queryable: Queryable, schema: string): Promise<readonly DoctorFinding[]> {
  const wanted = needed.flatMap(({ table, privileges, column }) => privileges.map((privilege) => ({ table, privilege, column: column ?? "" })));
  const rows = await queryable.query({ name: "tidemark_privileges", text, unprepared: true }, [
    schema,
    `{${wanted.map(({ table }) => table).join(",")}}`,
    `{${wanted.map(({ privilege }) => privilege).join(",")}}`,
    `{${wanted.map(({ column }) => `"${column}"`).join(",")}}`,
  ]);
  const quoted = quoteIdentifier(schema);
  return rows.map(({ kind, name, privilege, grantee: role, column }) => {
    const what = `${privilege}${column ? ` (${column})` : ""} on ${kind} ${quoted}${kind === "schema" ? "" : `.${name}`}`;
    return finding("privilege-missing", `Role ${role} lacks ${what}.`, `grant ${what.replace("on table ", "on ")} to ${role};`);
  });
}

const text = `
with schema as (
  select n.oid, n.nspname from pg_catalog.pg_namespace as n where n.nspname = $1::text
), wanted as (
  select w.name, w.privilege, w.col
    from rows from (pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[]), pg_catalog.unnest($4::text[])) as w (name, privilege, col)
), tables as (
  select c.oid, w.name, w.privilege, w.col
    from wanted as w
    join schema as s on true
    join pg_catalog.pg_class as c on c.relnamespace = s.oid and c.relname::text = w.name
)
select 'schema' as kind, '' as name, 'usage' as privilege, pg_catalog.quote_ident(current_user) as grantee, '' as column
  from schema as s
 where not pg_catalog.has_schema_privilege(s.oid, 'usage')
union all
select 'table', t.name, t.privilege, pg_catalog.quote_ident(current_user), t.col
  from tables as t
 where case t.col when '' then not pg_catalog.has_table_privilege(t.oid, t.privilege) else not pg_catalog.has_column_privilege(t.oid, t.col, t.privilege) end
union all
select 'sequence', c.relname::text, 'usage', pg_catalog.quote_ident(current_user), ''
  from schema as s
  join pg_catalog.pg_class as c on c.relnamespace = s.oid and c.relname = 'events_position_seq'
 where not pg_catalog.has_sequence_privilege(c.oid, 'usage')`;
