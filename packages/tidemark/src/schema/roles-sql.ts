import { checkSchemaName } from "../arguments/names.ts";
import { checkOptions } from "../arguments/options.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { quoteLiteral } from "./render.ts";

/**
 * Options of `rolesSql`.
 *
 * @example
 * ```ts
 * const options: RolesOptions = { schema: "shop", prefix: "shop" };
 * ```
 */
export interface RolesOptions {
  /** The PostgreSQL schema that holds the store, 1–63 bytes. @defaultValue "tidemark" */
  readonly schema?: string;
  /** What the names of the roles begin with, 1–54 bytes: `"shop"` gives `shop_writer`. @defaultValue "tidemark" */
  readonly prefix?: string;
}

/** What a role may do with a table, sequence or schema: `[privileges, object]`. */
type Grants = readonly (readonly [privileges: string, object: string])[];

/** Appends, reads, commands, timers; inline projections need rights on their tables beside it. */
const writer: Grants = [
  ["select", "migrations"],
  ["select", "function_sets"],
  ["select, insert, update (category)", "streams"],
  ["select, insert", "events"],
  ["select, insert", "event_tags"],
  ["select", "event_chain"],
  ["select, update", "high_water_mark"],
  ["select, update (only_row)", "projection_epoch"],
  ["select", "projections"],
  ["select, insert, update, delete", "snapshots"],
  ["select, insert, update, delete", "timers"],
  ["select, insert, update, delete", "inbox"],
  ["select, insert", "outbox"],
  // What it changes is recorded, and it reads of that only what recording needs.
  ["select (tenant, id, number, state), insert, update (state, error, settled_at)", "audit_entries"],
  ["usage", "sequence events_position_seq"],
];

/** Consumers and processes, beside what a writer may do. */
const worker: Grants = [
  ["select, insert, update, delete", "consumers"],
  ["select, insert, update, delete", "consumer_shards"],
  ["select, insert, update", "consumer_leases"],
  ["select, insert, update, delete", "consumer_workers"],
  ["select, insert, update, delete", "dead_letters"],
  ["select, insert, delete", "dead_letter_history"],
  ["select, insert, update, delete", "process_instances"],
  ["select, insert, delete", "process_inputs"],
  ["select, insert, update, delete", "process_commands"],
  ["select, insert, update", "process_versions"],
  // To lock a message that is removed, which takes the right to update a column: of the others, what is published would follow.
  ["update (published_at), delete", "outbox"],
];

/** Projections, which have tables of their own. */
const projections: Grants = [
  ["create", "schema"],
  ["select, insert, update, delete", "projections"],
  ["select, insert, update, delete", "projection_builds"],
  ["select, update", "projection_epoch"],
];

const reader: Grants = [
  ["select", "migrations"],
  ["select", "function_sets"],
  ["select", "streams"],
  ["select", "events"],
  ["select", "event_tags"],
  ["select", "event_chain"],
  ["select", "high_water_mark"],
  ["select", "sequence events_position_seq"],
];

/**
 * What an operator sees beside a reader, and what pausing, resuming, ending instances and settling dead letters writes. It can give a worker nothing to append,
 * and a relay nothing to publish.
 */
const operator: Grants = [
  ["select, update, delete", "consumers"],
  // Moving a consumer replaces its shards.
  ["select, insert, update, delete", "consumer_shards"],
  ["select, insert, update", "consumer_leases"],
  ["select, delete", "consumer_workers"],
  ["select, update (retry_requested), delete", "dead_letters"],
  ["select, insert, delete", "dead_letter_history"],
  ["select, update (status, parked, error, retry_requested, updated_at, ended_at)", "process_instances"],
  ["select", "process_inputs"],
  ["select, update (status, attempts, due_at, settled_at)", "process_commands"],
  ["select", "process_versions"],
  // Pausing a projection: its state, and the epoch that tells appends.
  ["select, update (state, changed_at)", "projections"],
  ["select", "projection_builds"],
  ["select, update", "projection_epoch"],
  ["select", "snapshots"],
  // Ending an instance of a process cancels its timers.
  ["select, delete", "timers"],
  ["select, update (published_at), delete", "outbox"],
  // It cannot remove or rewrite what it did. A reader sees none: parameters and reasons name people.
  ["select, insert, update (state, error, settled_at)", "audit_entries"],
];

/**
 * Returns SQL that creates five roles with the least that each needs, for a schema that was migrated. None of them can log in: grant them to the
 * roles that do. Run it as a superuser, or as a role that may create roles and owns the schema; again after each migration that adds tables.
 *
 * - `<prefix>_owner` may migrate: it may create in the schema. Have it own a new one: `create schema shop authorization shop_owner`.
 * - `<prefix>_writer` appends and reads. It can change or delete no event.
 * - `<prefix>_reader` reads events and follows the log.
 * - `<prefix>_worker` also runs consumers, projections and processes.
 * - `<prefix>_operator` reads, sees what sessions do (`pg_monitor`), ends those that hold the mark back (`pg_signal_backend`), pauses and resumes,
 *   ends instances of processes and cancels timers, and settles dead letters. It reads the audit, and cannot remove from it. It cannot append.
 *
 * The same options give the same text, which may be run again.
 *
 * @throws {@link InvalidArgumentError} — an unknown option, or an invalid name.
 *
 * @example
 * ```ts
 * const sql = rolesSql({ schema: "shop", prefix: "shop" });
 * ```
 */
export function rolesSql(options?: RolesOptions): string {
  const { schema = "tidemark", prefix = "tidemark" } = checkOptions(options, { schema: checkSchemaName, prefix: checkSchemaName });
  if (prefix.includes("$tidemark$")) throw new InvalidArgumentError("options.prefix", 'must not hold "$tidemark$", the mark at which blocks of the script end');
  const quoted = quoteIdentifier(schema);
  const role = (name: string): string => quoteIdentifier(`${prefix}_${name}`, "options.prefix");
  const granted = (grants: Grants, to: string): readonly string[] => [
    `grant usage on schema ${quoted} to ${role(to)};`,
    ...grants.map(([privileges, object]) => `grant ${privileges} on ${qualified(object, quoted)} to ${role(to)};`),
    `grant execute on all functions in schema ${quoted} to ${role(to)};`,
  ];
  const lines = [
    `-- Roles of the tidemark store in schema ${JSON.stringify(schema)}. May be run again.`,
    ...["owner", "writer", "reader", "worker", "operator"].map((name) => createRole(`${prefix}_${name}`)),
    `grant usage, create on schema ${quoted} to ${role("owner")};`,
    ...granted(writer, "writer"),
    ...granted(reader, "reader"),
    `grant ${role("writer")} to ${role("worker")};`,
    ...granted([...worker, ...projections], "worker"),
    `grant ${role("reader")} to ${role("operator")};`,
    `grant pg_monitor, pg_signal_backend to ${role("operator")};`,
    ...granted(operator, "operator"),
  ];
  return `${lines.join("\n")}\n`;
}

function qualified(object: string, schema: string): string {
  if (object === "schema") return `schema ${schema}`;
  const [kind, name] = object.includes(" ") ? object.split(" ") : ["table", object];
  return `${kind} ${schema}.${name}`;
}

/** PostgreSQL has no `create role if not exists`, and another session may create it meanwhile. */
function createRole(name: string): string {
  return `do $tidemark$ begin execute pg_catalog.format('create role %I nologin', ${quoteLiteral(name)}); exception when duplicate_object or unique_violation then null; end $tidemark$;`;
}
