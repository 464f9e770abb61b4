import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { checkSchemaName } from "../arguments/names.ts";
import { checkStoreOptions } from "../arguments/store-options.ts";
import { checkStoreUrl } from "../arguments/store-url.ts";
import type { Database } from "../database/database.ts";
import type { Logger } from "../model/logger.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { openDatabase } from "../store/open-database.ts";
import { addConfigFlag, type Origin, type Settings } from "./config/settings.ts";
import type { Terminal } from "./terminal.ts";

/** The options that every command with a database has. */
export interface ConnectionFlags {
  readonly url?: string;
  readonly schema: string;
  readonly json?: boolean;
  /** What the environment and the configuration say. */
  readonly settings?: Settings;
}

/** Where neither `--schema` nor TIDEMARK_SCHEMA says. */
export const defaultSchema = "tidemark";

/** @param json - what `--json` prints. */
export function addConnectionFlags(command: Command, json = "one JSON document"): Command {
  return addConfigFlag(command)
    .option("--url <url>", "postgres://… or file:./folder; default: DATABASE_URL, which keeps the password out of the process list")
    .option("--schema <name>", "PostgreSQL schema that holds the store, else TIDEMARK_SCHEMA", defaultSchema)
    .option("--json", `print ${json} on stdout, errors too`);
}

/** The store's address: `--url`, else what the environment, the configuration or `.env` says. */
function originOfUrl({ url, settings }: ConnectionFlags): Origin {
  if (url !== undefined && url !== "") return { value: url, from: "--url" };
  if (settings?.url) return settings.url;
  throw new InvalidArgumentError(
    "--url",
    "is missing, and DATABASE_URL is not set. Set DATABASE_URL=postgres://…, pass --url, or write the url into tidemark.config.ts.",
  );
}

export function urlOf(flags: ConnectionFlags): string {
  return originOfUrl(flags).value;
}

/** What the library tells goes to stderr, so that stdout holds the result alone. */
export function loggerOf(terminal: Terminal): Logger {
  const say = (...args: unknown[]): void => terminal.say(args.join(" "));
  return { debug: () => {}, info: say, warn: say, error: say };
}

/** For commands that begin a store where there is none. */
export const mayCreate = true;

/**
 * The same, of a store that is there already: to open a folder that was misspelt would make it, and an embedded database in it.
 *
 * @throws {@link InvalidArgumentError} — it is a folder without a database.
 */
export function existingUrlOf(flags: ConnectionFlags): string {
  const { value: url, from } = originOfUrl(flags);
  const target = checkStoreUrl(url);
  if (target.kind === "folder" && !existsSync(join(target.folder, "PG_VERSION"))) {
    throw new InvalidArgumentError(
      from,
      `names the folder ${JSON.stringify(target.folder)}, which holds no database. Check the spelling, or create a store there with "tidemark migrate up".`,
    );
  }
  return url;
}

/** Opens the database for the time of `work`. */
export async function withDatabase<T>(
  flags: ConnectionFlags,
  terminal: Terminal,
  creates: boolean,
  work: (database: Database, schema: string) => Promise<T>,
): Promise<T> {
  const schema = checkSchemaName(flags.schema, "--schema");
  const url = creates ? urlOf(flags) : existingUrlOf(flags);
  const database = await openDatabase(checkStoreUrl(url), checkStoreOptions({ schema, logger: loggerOf(terminal) }));
  try {
    return await work(database, schema);
  } finally {
    await database.close();
  }
}
