import { Command, CommanderError } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { hideCredentials } from "../arguments/describe-value.ts";
import { isTidemarkError } from "../errors/errors.ts";
import type { VersionConflict } from "../errors/appending.ts";
import { addCommands } from "./command-table.ts";
import { configure } from "./config/settings.ts";
import { doctorHint } from "./doctor-hint.ts";
import { Finding } from "./finding.ts";
import { type Surroundings, Terminal } from "./terminal.ts";

/** Beside 0, for what was done, and 130, for what Ctrl-C ended. */
export const exitCodes = { failed: 1, usage: 2, schema: 3, conflict: 4, interrupted: 130 } as const;

const exitCodeOf: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: exitCodes.usage,
  EVENT_TOO_LARGE: exitCodes.usage,
  SCHEMA_OUTDATED: exitCodes.schema,
  SCHEMA_TOO_NEW: exitCodes.schema,
  MIGRATION_CHANGED: exitCodes.schema,
  VERSION_CONFLICT: exitCodes.conflict,
  DUPLICATE_EVENT: exitCodes.conflict,
  INTERRUPTED: exitCodes.interrupted,
};

/** The command with all that stand below it. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command("tidemark")
    .description("An event store on the PostgreSQL you already run.")
    .version(packageJson.version, "--version", "print the version")
    // Behind a command, --version is that command's.
    .enablePositionalOptions()
    .helpOption("-h, --help", "show this help")
    .helpCommand(false)
    .configureOutput({
      writeOut: (text) => terminal.printRaw(text),
      writeErr: (text) => terminal.say(text),
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
    })
    .showHelpAfterError("Run it with --help for its options and examples.")
    .addHelpText(
      "after",
      `\nExamples:\n  tidemark demo\n  DATABASE_URL=postgres://… tidemark migrate up\n  tidemark read cart-42\n\nExit codes: 0 done, ${exitCodes.failed} failed, ${exitCodes.usage} wrong usage, ${exitCodes.schema} the schema does not fit, ${exitCodes.conflict} conflict, 130 ended by Ctrl-C.`,
    )
    .exitOverride()
    .hook("preAction", (_program, command) => configure(command, terminal));
  addCommands(program, terminal);
  return program;
}

/** Runs one command and resolves to the exit code. */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const terminal = new Terminal(surroundings);
  const program = createProgram(terminal);
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof Finding) return exitCodes.failed;
    return fail(error, terminal, args.includes("--json"));
  }
}

function fail(error: unknown, terminal: Terminal, json: boolean): number {
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  const { code, message, exitCode, conflicts } = describe(error);
  const hint = doctorHint(error);
  if (json) terminal.printJson({ error: { code, message: hideCredentials(message), conflicts, hint } });
  // Commander has said on its own what is wrong.
  if (error instanceof CommanderError) return exitCode;
  terminal.say(`tidemark: ${message}`);
  if (!isTidemarkError(error) && error instanceof Error && error.stack !== undefined) terminal.say(error.stack);
  if (hint !== undefined) terminal.say(hint);
  return exitCode;
}

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly exitCode: number;
  /** Where each conflicting stream stands. */
  readonly conflicts?: readonly VersionConflict[];
}

function describe(error: unknown): Failure {
  if (error instanceof CommanderError) {
    // Its code for "no command was given, so the help was shown".
    const message = error.code === "commander.help" ? "No command was given." : error.message.replace(/^error: /, "");
    return { code: "USAGE", message, exitCode: exitCodes.usage };
  }
  const message = error instanceof Error ? error.message : String(error);
  if (!isTidemarkError(error)) return { code: "UNEXPECTED", message, exitCode: exitCodes.failed };
  const { code } = error;
  return { code, message, exitCode: exitCodeOf[code] ?? exitCodes.failed, ...(isTidemarkError(error, "VERSION_CONFLICT") && { conflicts: error.conflicts }) };
}
