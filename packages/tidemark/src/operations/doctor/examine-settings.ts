import type { Queryable, TextRow } from "../../database/database.ts";
import { type DoctorFinding, finding } from "./finding.ts";

/** What a default of these does to the library's sessions, where it is set. */
const dangers: readonly { readonly name: string; readonly isDangerous: (value: string) => boolean; readonly effect: string }[] = [
  { name: "statement_timeout", isDangerous: above0, effect: "ends rebuilds, verification and long reads" },
  { name: "transaction_timeout", isDangerous: above0, effect: "ends handlers' transactions, imports and builds of indexes" },
  { name: "lock_timeout", isDangerous: above0, effect: "makes appends fail that only wait for their turn" },
  { name: "idle_in_transaction_session_timeout", isDangerous: above0, effect: "ends your own transactions while your code works; the library sets its own" },
  {
    name: "default_transaction_isolation",
    isDangerous: (value) => value !== "read committed",
    effect: "makes every statement need a transaction of its own, with two more round trips",
  },
  {
    name: "default_transaction_read_only",
    isDangerous: (value) => value === "on",
    effect: "makes every append need a transaction of its own, with two more round trips",
  },
  { name: "session_replication_role", isDangerous: (value) => value !== "origin", effect: "switches off the triggers that keep the log append-only" },
  { name: "enable_indexscan", isDangerous: (value) => value === "off", effect: "makes every read scan whole tables" },
];

function above0(value: string): boolean {
  return value !== "0";
}

/** Those acknowledge a commit before it is safe. */
const weakCommits: ReadonlySet<string> = new Set(["off", "local", "remote_write"]);

/**
 * Looks at the settings of the library's sessions, as this one has them.
 *
 * @param settings.durability - What appends ask for, where that is not the server's own.
 */
export async function examineSettings(
  queryable: Queryable,
  { durability }: { readonly durability: "server" | "on" | "off" },
): Promise<readonly DoctorFinding[]> {
  const rows = await queryable.query({ name: "tidemark_settings", text, unprepared: true }, [
    `{${[...dangers.map(({ name }) => name), ...serverWide].join(",")}}`,
  ]);
  const settings = new Map(rows.map((row) => [row["name"] ?? "", row]));
  const value = (name: string): string => settings.get(name)?.["setting"] ?? "";
  return [
    ...dangers
      .filter(({ name, isDangerous }) => settings.has(name) && isDangerous(value(name)))
      .map(({ name, effect }) =>
        finding(
          "setting-dangerous",
          `${name} is ${value(name)}${unitOf(settings.get(name))}, from ${sourceOf(settings.get(name))}: it ${effect}.`,
          reset(name, settings.get(name)),
        ),
      ),
    ...weakness(value, durability),
    ...(value("autovacuum") === "off"
      ? [finding("autovacuum-off", "autovacuum is off on this server.", "alter system set autovacuum = on; select pg_catalog.pg_reload_conf();")]
      : []),
    ...(value("track_counts") === "off"
      ? [
          finding(
            "autovacuum-off",
            "track_counts is off, so that autovacuum does not know what to do.",
            "alter system set track_counts = on; select pg_catalog.pg_reload_conf();",
          ),
        ]
      : []),
  ];
}

const serverWide = ["fsync", "full_page_writes", "synchronous_commit", "autovacuum", "track_counts"] as const;

function weakness(value: (name: string) => string, durability: "server" | "on" | "off"): readonly DoctorFinding[] {
  const commit = durability === "server" ? value("synchronous_commit") : durability;
  const whole = (["fsync", "full_page_writes"] as const).filter((name) => value(name) === "off");
  return [
    ...whole.map((name) =>
      finding("durability-weak", `${name} is off on this server.`, `alter system set ${name} = on; select pg_catalog.pg_reload_conf();`, "error"),
    ),
    ...(weakCommits.has(commit)
      ? [
          finding(
            "durability-weak",
            `Appends run with synchronous_commit = ${commit}.`,
            'Open the store with durability: "on", or set synchronous_commit = on.',
          ),
        ]
      : []),
  ];
}

function unitOf(row: TextRow | undefined): string {
  return row?.["unit"] == null ? "" : ` ${row["unit"]}`;
}

/** Where PostgreSQL says a setting is from, for people. */
function sourceOf(row: TextRow | undefined): string {
  const { source, role = "", database = "" } = row ?? {};
  if (source === "database user") return `role ${role} in database ${database}`;
  if (source === "user") return `role ${role}`;
  if (source === "database") return `database ${database}`;
  if (source === "client" || source === "session") return "the connection string or the session";
  return "the server's configuration";
}

function reset(name: string, row: TextRow | undefined): string {
  const { source, role = "", database = "" } = row ?? {};
  if (source === "database user") return `alter role ${role} in database ${database} reset ${name};`;
  if (source === "user") return `alter role ${role} reset ${name};`;
  if (source === "database") return `alter database ${database} reset ${name};`;
  if (source === "client" || source === "session") return `Take it out of the connection string or of what sets it.`;
  return `alter role ${role} set ${name} to default; or alter system reset ${name}; select pg_catalog.pg_reload_conf();`;
}

/** `reset_val`: what a session begins with; the value now may be one of a transaction's own. */
const text = `
select s.name, s.reset_val as setting, s.unit, s.source, pg_catalog.quote_ident(current_user) as role, pg_catalog.quote_ident(pg_catalog.current_database()) as database
  from pg_catalog.pg_settings as s
 where s.name = any ($1::text[])`;
