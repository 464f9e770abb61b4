/** A default that a DBA may set for a role or a database. */
export interface Setting {
  readonly name: string;
  /** What it is set to, one after the other; as SQL takes it after `=`. */
  readonly values: readonly string[];
  /** The first PostgreSQL that has it, and the last. */
  readonly since?: number;
  readonly until?: number;
  /** Makes every statement so slow that, with others of its kind, a projection needs minutes to go live: tried alone. */
  readonly slows?: boolean;
  /** Codes of errors, or SQLSTATEs, with which a call may be refused under it. Empty: every result is the same. */
  readonly refuses?: readonly string[];
}

const off = (names: readonly string[]): readonly Setting[] => names.map((name) => ({ name, values: ["off"] }));
const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/** What texts, times and numbers look like, and how they are read. */
const forms: readonly Setting[] = [
  { name: "search_path", values: ["''", "public", "pg_temp, public", `"$user", shadow, pg_catalog`] },
  { name: "standard_conforming_strings", values: ["off"] },
  { name: "backslash_quote", values: ["off", "on"] },
  { name: "bytea_output", values: [text("escape")] },
  { name: "datestyle", values: [text("German, DMY"), text("SQL, DMY"), text("Postgres, MDY")] },
  { name: "intervalstyle", values: [text("sql_standard"), text("iso_8601")] },
  { name: "timezone", values: [text("Asia/Kathmandu"), text("America/St_Johns"), text("<+13>-13")] },
  { name: "extra_float_digits", values: ["-15", "3"] },
  { name: "client_encoding", values: ["latin1", "sql_ascii"] },
  { name: "lc_messages", values: [text("de_DE.UTF-8"), text("fr_FR.UTF-8")] },
  { name: "lc_numeric", values: [text("de_DE.UTF-8")] },
  { name: "array_nulls", values: ["off"] },
  { name: "transform_null_equals", values: ["on"] },
  { name: "quote_all_identifiers", values: ["on"] },
  { name: "xmlbinary", values: ["hex"] },
  { name: "xmloption", values: ["document"] },
  { name: "default_text_search_config", values: [text("pg_catalog.german")] },
  { name: "gin_fuzzy_search_limit", values: ["1"] },
];

/** Sessions end while the script pauses, which is for twice this time. */
export const idleSessionMs = 200;

/** What transactions are, and how long anything may take: longer than what the script does, even on a busy machine. */
const transactions: readonly Setting[] = [
  { name: "default_transaction_isolation", values: [text("serializable"), text("repeatable read"), text("read uncommitted")] },
  { name: "default_transaction_read_only", values: ["on"] },
  { name: "default_transaction_deferrable", values: ["on"] },
  { name: "statement_timeout", values: [text("20s")] },
  { name: "lock_timeout", values: [text("20s")] },
  { name: "deadlock_timeout", values: [text("1ms")] },
  { name: "idle_in_transaction_session_timeout", values: [text("20s")] },
  // A session may end between any two statements.
  { name: "idle_session_timeout", values: [text(`${idleSessionMs}ms`)], refuses: ["57P05", "CONNECTION"] },
  { name: "transaction_timeout", values: [text("20s")], since: 17 },
  { name: "synchronous_commit", values: ["off", "local"] },
  { name: "commit_delay", values: ["1000"] },
  { name: "row_security", values: ["off"] },
  { name: "session_replication_role", values: ["replica"], refuses: ["DATABASE 55000"] },
  { name: "client_connection_check_interval", values: [text("10ms")] },
];

/** How statements are planned, and with how much memory. */
const plans: readonly Setting[] = [
  { name: "plan_cache_mode", values: ["force_generic_plan", "force_custom_plan"] },
  ...off([
    "enable_seqscan",
    "enable_indexscan",
    "enable_indexonlyscan",
    "enable_bitmapscan",
    "enable_tidscan",
    "enable_sort",
    "enable_incremental_sort",
    "enable_hashagg",
    "enable_hashjoin",
    "enable_mergejoin",
    "enable_nestloop",
    "enable_material",
    "enable_memoize",
    "enable_gathermerge",
    "geqo",
    "synchronize_seqscans",
  ]),
  { name: "join_collapse_limit", values: ["1"] },
  { name: "from_collapse_limit", values: ["1"] },
  { name: "force_parallel_mode", values: ["on"], until: 15, slows: true },
  { name: "debug_parallel_query", values: ["on"], since: 16, slows: true },
  { name: "parallel_setup_cost", values: ["0"] },
  { name: "min_parallel_table_scan_size", values: ["0"] },
  { name: "jit_above_cost", values: ["0"], slows: true },
  { name: "work_mem", values: [text("64kB")] },
  { name: "maintenance_work_mem", values: [text("1MB")] },
  { name: "temp_buffers", values: [text("800kB")] },
  { name: "cursor_tuple_fraction", values: ["0"] },
];

/** What is told and written down, and where new tables go. */
const surroundings: readonly Setting[] = [
  { name: "client_min_messages", values: ["debug5", "error"], slows: true },
  { name: "log_min_messages", values: ["debug2"], slows: true },
  { name: "log_statement", values: [text("all")] },
  { name: "log_min_duration_statement", values: ["0"] },
  { name: "log_error_verbosity", values: ["verbose"] },
  { name: "debug_print_plan", values: ["on"], slows: true },
  { name: "application_name", values: [text("everybody's")] },
  { name: "check_function_bodies", values: ["off"] },
  { name: "default_tablespace", values: ["elsewhere"] },
  { name: "temp_tablespaces", values: ["elsewhere"] },
  { name: "default_toast_compression", values: ["pglz"] },
  { name: "password_encryption", values: ["md5"] },
  { name: "track_activities", values: ["off"] },
  { name: "plpgsql.variable_conflict", values: ["use_variable", "use_column"] },
  { name: "plpgsql.extra_errors", values: [text("all")] },
  { name: "plpgsql.extra_warnings", values: [text("all")] },
  { name: "role", values: ["owners"] },
];

/** Everything that the matrix sets. */
export const settings: readonly Setting[] = [...forms, ...transactions, ...plans, ...surroundings];
