import { Command, CommanderError } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { isTidemarkError } from "../errors.ts";
import { addDemo } from "./commands/demo.ts";
import { addMigrate } from "./commands/migrate.ts";
import { type Surroundings, Terminal } from "./terminal.ts";

/** 0: done. 1: failed. 2: the call itself was wrong. 3: `migrate verify` found a schema that does not fit. */
export const exitCodes = { failed: 1, usage: 2, schema: 3 } as const;

const schemaErrors = ["SCHEMA_OUTDATED", "SCHEMA_TOO_NEW", "MIGRATION_CHANGED"];

/** Runs one command and resolves to the exit code. */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const terminal = new Terminal(surroundings);
  const program = new Command("tidemark")
    .description("An event store on the PostgreSQL you already run.")
    .version(packageJson.version)
    .configureOutput({ writeOut: (text) => surroundings.stdout.write(text), writeErr: (text) => surroundings.stderr.write(text) })
    .showHelpAfterError("Run with --help for the options and examples.")
    .exitOverride();
  addDemo(program, terminal);
  addMigrate(program, terminal);
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    return fail(error, terminal, args);
  }
}

function fail(error: unknown, terminal: Terminal, args: readonly string[]): number {
  // Commander has said what is wrong, or printed the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage;
  const code = isTidemarkError(error) ? error.code : "UNEXPECTED";
  const message = error instanceof Error ? error.message : String(error);
  if (args.includes("--json")) terminal.printJson({ error: { code, message } });
  terminal.say(`tidemark: ${message}`);
  if (!isTidemarkError(error) && error instanceof Error && error.stack !== undefined) terminal.say(error.stack);
  if (code === "INVALID_ARGUMENT") return exitCodes.usage;
  return schemaErrors.includes(code) ? exitCodes.schema : exitCodes.failed;
}
