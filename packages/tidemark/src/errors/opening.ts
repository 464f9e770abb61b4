import { nameErrors, type Origin, TidemarkError } from "./tidemark-error.ts";

/**
 * The schema in the database is older than this library needs, or missing.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "SCHEMA_OUTDATED")) console.error(error.found, error.required);
 * ```
 */
export class SchemaOutdatedError extends TidemarkError {
  declare readonly code: "SCHEMA_OUTDATED";
  readonly schema: string;
  /** The newest migration applied; 0 where there is none. */
  readonly found: number;
  readonly required: number;
  /** The set of functions that this version calls, where that is all that is missing; undefined otherwise. */
  readonly functions: string | undefined;

  constructor(schema: string, found: number, required: number, functions?: string) {
    super(
      "SCHEMA_OUTDATED",
      `Schema ${JSON.stringify(schema)} ${lack(found, required, functions)}. Run: npx tidemark migrate up --schema ${shellWord(schema)}`,
    );
    this.schema = schema;
    this.found = found;
    this.required = required;
    this.functions = functions;
  }
}

function lack(found: number, required: number, functions: string | undefined): string {
  if (functions !== undefined) return `lacks the functions of this version of tidemark (${functions})`;
  if (found > 0) return `is at migration ${found}; this version of tidemark needs ${required}`;
  return `holds no event store; this version of tidemark needs migration ${required}`;
}

/** Quotes a schema name for a POSIX shell, so that the command in a message can be pasted. */
export function shellWord(text: string): string {
  return /^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * A newer version of tidemark changed the schema in a way that this version cannot work with.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "SCHEMA_TOO_NEW")) console.error(error.found, error.supported);
 * ```
 */
export class SchemaTooNewError extends TidemarkError {
  declare readonly code: "SCHEMA_TOO_NEW";
  readonly schema: string;
  readonly found: number;
  readonly supported: number;

  constructor(schema: string, found: number, supported: number) {
    super(
      "SCHEMA_TOO_NEW",
      `Schema ${JSON.stringify(schema)} is at migration ${found}, made by a newer tidemark. This version knows migrations up to ${supported} and cannot work with it. Update the tidemark package.`,
    );
    this.schema = schema;
    this.found = found;
    this.supported = supported;
  }
}

/**
 * The store was opened with `requireRole: true` as a role that may do more than the store needs.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "ROLE_REFUSED")) console.error(error.role, error.reasons);
 * ```
 */
export class RoleRefusedError extends TidemarkError {
  declare readonly code: "ROLE_REFUSED";
  /** Quoted as in SQL. */
  readonly role: string;
  readonly schema: string;
  /** What it may do, each as in "Role app is a superuser". */
  readonly reasons: readonly string[];

  constructor(role: string, schema: string, reasons: readonly string[]) {
    super(
      "ROLE_REFUSED",
      `Role ${role} ${reasons.join(", and ")}, more than the store needs, and requireRole is true. Create the store's roles with "npx tidemark migrate roles --schema ${shellWord(schema)}", and connect as one that is a member of the writer or the worker alone.`,
    );
    this.role = role;
    this.schema = schema;
    this.reasons = reasons;
  }
}

/**
 * A migration that was applied has another text than the one in this package.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "MIGRATION_CHANGED")) console.error(error.migration);
 * ```
 */
export class MigrationChangedError extends TidemarkError {
  declare readonly code: "MIGRATION_CHANGED";
  readonly migration: number;

  constructor(schema: string, migration: number, applied: string, shipped: string) {
    super(
      "MIGRATION_CHANGED",
      `Migration ${migration} of schema ${JSON.stringify(schema)} was applied with hash ${applied.slice(0, 12)}, but this package has ${shipped.slice(0, 12)}. The row in its migrations table or the package was changed by hand; undo that change.`,
    );
    this.migration = migration;
  }
}

/**
 * Another process, or another store of this one, has the folder open.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "STORE_LOCKED")) console.error(error.folder, error.pid);
 * ```
 */
export class StoreLockedError extends TidemarkError {
  declare readonly code: "STORE_LOCKED";
  readonly folder: string;
  readonly lockFile: string;
  /** The process that holds the folder. */
  readonly pid: number;
  readonly host: string;
  readonly command: string;

  /** @param way - `"elsewhere"`: the holder is in another container, which touches the lock; `"taken"`: it took the lock from this process. */
  constructor(
    folder: string,
    lockFile: string,
    holder: { readonly pid: number; readonly host: string; readonly command: string },
    way: "here" | "elsewhere" | "taken" = "here",
  ) {
    super("STORE_LOCKED", explainLock[way](JSON.stringify(folder), JSON.stringify(lockFile), `process ${holder.pid} on ${holder.host} (${holder.command})`));
    this.folder = folder;
    this.lockFile = lockFile;
    this.pid = holder.pid;
    this.host = holder.host;
    this.command = holder.command;
  }
}

const closeFirst = "Close it there first: only one process at a time can use an embedded database.";
const explainLock = {
  here: (folder: string, lockFile: string, holder: string) =>
    `Folder ${folder} is open in ${holder}. ${closeFirst} If that process is not a tidemark one, or it was in a container that is gone, remove ${lockFile}.`,
  elsewhere: (folder: string, _lockFile: string, holder: string) =>
    `Folder ${folder} is open in ${holder}, in another container, which is running. ${closeFirst} Once that container is gone, its lock is taken over within 20 s.`,
  taken: (folder: string, lockFile: string, holder: string) =>
    `This process has lost folder ${folder}: its lock ${lockFile} now belongs to ${holder}, or is gone. Either this process was paused for too long (a paused container, a stopped process), or the lock file was removed. Nothing was written, and this store writes nothing more: close it, and open it again once the folder is free.`,
};

/**
 * An optional package that this call needs is not installed.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "MISSING_DEPENDENCY")) console.error(error.message);
 * ```
 */
export class MissingDependencyError extends TidemarkError {
  declare readonly code: "MISSING_DEPENDENCY";
  readonly dependency: string;

  constructor(dependency: string, purpose: string, origin: Origin = {}) {
    super("MISSING_DEPENDENCY", `${purpose} needs the package ${dependency}. Run: npm install ${dependency}`, origin);
    this.dependency = dependency;
  }
}

/**
 * The store was closed before this call.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "STORE_CLOSED")) console.error(error.message);
 * ```
 */
export class StoreClosedError extends TidemarkError {
  declare readonly code: "STORE_CLOSED";

  constructor() {
    super("STORE_CLOSED", "The store is closed. Open a new one with openEventStore, or close it later.");
  }
}

nameErrors({ RoleRefusedError, SchemaOutdatedError, SchemaTooNewError, MigrationChangedError, StoreLockedError, MissingDependencyError });
