import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import type { Terminal } from "../terminal.ts";
import { readDotEnv } from "./dot-env.ts";
import { findConfigFile } from "./find-file.ts";
import { fromFolder, loadConfig, type LoadedConfig } from "./load.ts";
import { urlOfPgVariables } from "./pg-variables.ts";

/** A value, and where it comes from, for messages. */
export interface Origin {
  readonly value: string;
  readonly from: string;
}

/** What a command is told besides its flags: by the environment, the configuration and `.env`. */
export interface Settings {
  readonly url: Origin | undefined;
  readonly config: LoadedConfig | undefined;
}

/** Whether a command reads the configuration: it has the option to name it. */
function isConfigured(command: Command): boolean {
  return command.options.some(({ long }) => long === "--config");
}

/** For commands that read the configuration. */
export function addConfigFlag(command: Command): Command {
  return command
    .option("--config <file>", "the configuration; default: tidemark.config.ts in this folder or one above")
    .option("--no-config", "read no configuration and no .env");
}

/**
 * Gives a command its settings, before it runs: the options `schema` and `settings`. Of flags, environment, configuration and `.env`, in this order,
 * the first one that says something counts.
 */
export async function configure(command: Command, terminal: Terminal): Promise<void> {
  if (!isConfigured(command)) return;
  const { config: named } = command.opts<{ readonly config?: string | boolean }>();
  // The environment before `.env` adds to it: what somebody has set for this run goes before a file.
  const environment = { ...terminal.env };
  const file = named === false ? undefined : typeof named === "string" ? resolve(terminal.cwd, named) : findConfigFile(terminal.cwd);
  const folder = file === undefined ? terminal.cwd : dirname(file);
  const dotEnv = named === false ? {} : readDotEnv(folder);
  // The configuration reads it, and so does the driver, for what no URL says.
  for (const [name, value] of Object.entries(dotEnv)) terminal.env[name] ??= value;
  const config = file === undefined ? undefined : await loadConfig(file);

  const urls: readonly (Origin | undefined)[] = [
    origin(environment["DATABASE_URL"], "DATABASE_URL"),
    origin(urlOfPgVariables(environment), "PGHOST or PGDATABASE"),
    config && origin(config.url, config.file),
    origin(dotEnv["DATABASE_URL"] && fromFolder(dotEnv["DATABASE_URL"], folder), "DATABASE_URL of .env"),
    origin(urlOfPgVariables(dotEnv), "PGHOST or PGDATABASE of .env"),
  ];
  const settings: Settings = { url: urls.find((url) => url !== undefined), config };
  command.setOptionValueWithSource("settings", settings, "config");

  if (command.getOptionValueSource("schema") !== "default") return;
  const schema = origin(environment["TIDEMARK_SCHEMA"], "env") ?? (config && origin(config.schema, "config")) ?? origin(dotEnv["TIDEMARK_SCHEMA"], "config");
  if (schema) command.setOptionValueWithSource("schema", schema.value, schema.from);
}

/** A variable that is set to nothing says nothing. */
function origin(value: string | undefined, from: string): Origin | undefined {
  return value === undefined || value === "" ? undefined : { value, from };
}
