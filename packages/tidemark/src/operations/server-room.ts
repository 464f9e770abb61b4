function setting(name: string): string {
  return `coalesce(pg_catalog.current_setting('${name}', true)::integer, 0)`;
}

/** SQL: the connections that count against `connectionLimit`. Backends that are no client's do not. */
export const connectionsTaken: string =
  "(select pg_catalog.count(*) from pg_catalog.pg_stat_activity as a where a.backend_type operator(pg_catalog.=) 'client backend')";

/** SQL: how many of them a role that is no superuser can have. */
export const connectionLimit: string = `(${setting("max_connections")} - ${setting("superuser_reserved_connections")} - ${setting("reserved_connections")})`;

/** SQL: the locks in the shared table. Those of the fast path are not in it. */
export const locksTaken: string = "(select pg_catalog.count(*) from pg_catalog.pg_locks as l where not l.fastpath)";

/** SQL: how many locks fit into that table. From PostgreSQL 19 on the same setting makes room for half as many. */
export const lockRoom: string = `(${setting("max_locks_per_transaction")}::bigint * (${setting("max_connections")} + ${setting("max_prepared_transactions")})
         / case when ${setting("server_version_num")} >= 190000 then 2 else 1 end)`;
