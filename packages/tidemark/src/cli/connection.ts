import type { Command } from "commander";
import { checkSchemaName } from "../arguments/names.ts";
import { checkStoreOptions } from "../arguments/store-options.ts";
import { checkStoreUrl } from "../arguments/store-url.ts";
import type { Database } from "../database/database.ts";
import type { Logger } from "../logger.ts";
import { InvalidArgumentError } from "../errors.ts";
import { openDatabase } from "../open-database.ts";
import type { Terminal } from "./terminal.ts";

/** The options that every command with a database has. */
export interface ConnectionFlags {
  readonly url?: string;
  readonly schema: string;
  readonly json?: boolean;
}

/** @param json - what `--json` prints. */
export function addConnectionFlags(command: Command, json = "one JSON document"): Command {
  return command
    .option("--url <url>", "postgres://… or file:./folder; default: DATABASE_URL, which keeps the password out of the process list")
    .option("--schema <name>", "PostgreSQL schema that holds the store", "tidemark")
    .option("--json", `print ${json} on stdout, errors too`);
}

/** The store's address: `--url`, else `DATABASE_URL`. */
export function urlOf(flags: ConnectionFlags, terminal: Terminal): string {
  const url = flags.url ?? terminal.env["DATABASE_URL"];
  if (url === undefined || url === "") {
    throw new InvalidArgumentError("--url", "is missing, and DATABASE_URL is not set. Set DATABASE_URL=postgres://…, or pass --url.");
  }
  return url;
}

/** What the library tells goes to stderr, so that stdout holds the result alone. */
export function loggerOf(terminal: Terminal): Logger {
  const say = (...args: unknown[]): void => terminal.say(args.join(" "));
  return { debug: () => {}, info: say, warn: say, error: say };
}

/** Opens the database for the time of `work`. */
export async function withDatabase<T>(flags: ConnectionFlags, terminal: Terminal, work: (database: Database, schema: string) => Promise<T>): Promise<T> {
  const schema = checkSchemaName(flags.schema, "--schema");
  const database = await openDatabase(checkStoreUrl(urlOf(flags, terminal)), checkStoreOptions({ schema, logger: loggerOf(terminal) }));
  try {
    return await work(database, schema);
  } finally {
    await database.close();
  }
}
