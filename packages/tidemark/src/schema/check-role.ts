import type { Queryable } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { RoleRefusedError } from "../errors/opening.ts";
import { quoteLiteral } from "./render.ts";

/** What a role may do that no application needs. Texts complete "Role … ". */
const text = (schema: string): string => {
  const events = `pg_catalog.to_regclass(${quoteLiteral(`${quoteIdentifier(schema)}.events`)})::oid`;
  return `
select pg_catalog.quote_ident(current_user) as role,
       pg_catalog.array_to_json(pg_catalog.array_remove(array[
         case when r.rolsuper then 'is a superuser' end,
         case when r.rolbypassrls and not r.rolsuper then 'bypasses row-level security' end,
         (
           select 'owns the schema, or is a member of its owner, ' || pg_catalog.quote_ident(o.rolname::text)
             from pg_catalog.pg_namespace as n join pg_catalog.pg_roles as o on o.oid = n.nspowner
            where not r.rolsuper and n.nspname = $1::text and pg_catalog.pg_has_role(r.oid, o.oid, 'member')
         ),
         (
           select 'owns the table events, or is a member of its owner, ' || pg_catalog.quote_ident(o.rolname::text)
             from pg_catalog.pg_class as c join pg_catalog.pg_roles as o on o.oid = c.relowner
            where not r.rolsuper and c.oid = ${events} and pg_catalog.pg_has_role(r.oid, o.oid, 'member')
         ),
         (
           select 'may update, delete or truncate events'
            where not r.rolsuper
              and (pg_catalog.has_table_privilege(r.oid, ${events}, 'update, delete, truncate')
                   or pg_catalog.has_any_column_privilege(r.oid, ${events}, 'update'))
              and not exists (select from pg_catalog.pg_class as c where c.oid = ${events} and pg_catalog.pg_has_role(r.oid, c.relowner, 'member'))
         )
       ]::text[], null))::text as reasons
  from pg_catalog.pg_roles as r
 where r.rolname = current_user`;
};

/**
 * Refuses the role of the connection where it may do more than append, read, and keep read models: a mistake, or a stranger who has its password,
 * could change or delete events.
 *
 * @throws {@link RoleRefusedError}
 */
export async function checkRole(queryable: Queryable, schema: string): Promise<void> {
  const [row] = await queryable.query({ name: "tidemark_role", text: text(schema), unprepared: true }, [schema]);
  const reasons: readonly string[] = JSON.parse(row?.["reasons"] ?? "[]");
  if (reasons.length > 0) throw new RoleRefusedError(row?.["role"] ?? "", schema, reasons);
}
