import { type Command, InvalidArgumentError as InvalidOptionError } from "commander";
import { migrate } from "../../schema/migrate.ts";
import { migrationSql } from "../../schema/migration-sql.ts";
import { migrationStatus, verify } from "../../schema/verify.ts";
import { addConnectionFlags, type ConnectionFlags, withDatabase } from "../connection.ts";
import type { Terminal } from "../terminal.ts";

/** `tidemark migrate up|status|verify|sql` */
export function addMigrate(program: Command, terminal: Terminal): void {
  const command = program.command("migrate").description("Bring the store's schema up to date, or look at it.");

  addConnectionFlags(command.command("up"))
    .description("Apply what is pending. Safe to run from many places at once.")
    .option("--dry-run", "only tell what would be applied")
    .addHelpText("after", "\nExamples:\n  DATABASE_URL=postgres://… tidemark migrate up\n  tidemark migrate up --url postgres://app@localhost/shop --schema orders --dry-run")
    .action(up(terminal));

  addConnectionFlags(command.command("status"))
    .description("List every migration and whether it was applied.")
    .addHelpText("after", "\nExample:\n  tidemark migrate status --json | jq '.migrations[] | select(.state == \"pending\")'")
    .action(status(terminal));

  addConnectionFlags(command.command("verify"))
    .description("Exit with 0 when this version of tidemark can work with the schema, else with 3.")
    .addHelpText("after", "\nExample, as a gate before a deployment:\n  tidemark migrate verify || exit 1")
    .action(async (flags: ConnectionFlags) => {
      await withDatabase(flags, terminal, verify);
      if (flags.json) terminal.printJson({ schema: flags.schema, fits: true });
      else terminal.print(`Schema ${JSON.stringify(flags.schema)} is up to date.`);
    });

  command
    .command("sql")
    .description("Print the migrations as SQL, for psql, Flyway, Prisma, Knex and others. Needs no connection.")
    .option("--schema <name>", "PostgreSQL schema that holds the store", "tidemark")
    .option("--from <version>", "the newest migration that the schema has", wholeNumber, 0)
    .addHelpText("after", '\nExample:\n  tidemark migrate sql --schema orders | psql --single-transaction --set ON_ERROR_STOP=1 "$DATABASE_URL"')
    .action(({ schema, from }: { readonly schema: string; readonly from: number }) => terminal.printRaw(migrationSql({ schema, from })));
}

function up(terminal: Terminal): (flags: ConnectionFlags & { readonly dryRun?: boolean }) => Promise<void> {
  return async (flags) => {
    await withDatabase(flags, terminal, async (database, schema) => {
      const pending = (await migrationStatus(database, schema)).filter(({ state }) => state === "pending");
      const logger = { debug: () => {}, info: (...args: unknown[]) => terminal.say(args.join(" ")), warn: () => {}, error: () => {} };
      const applied = flags.dryRun ? [] : await migrate(database, schema, { logger });
      const named = (list: readonly { readonly version: number; readonly name: string }[]): object[] => list.map(({ version, name }) => ({ version, name }));
      if (flags.json) return terminal.printJson({ schema, applied: named(applied), ...(flags.dryRun && { pending: named(pending) }) });
      if (flags.dryRun) {
        for (const { version, name } of pending) terminal.print(`would apply ${version} ${name}`);
        if (pending.length === 0) terminal.print(`Schema ${JSON.stringify(schema)} is up to date.`);
        return;
      }
      terminal.print(applied.length === 0 ? `Schema ${JSON.stringify(schema)} was up to date.` : `Schema ${JSON.stringify(schema)}: ${applied.length} ${applied.length === 1 ? "migration" : "migrations"} applied.`);
    });
  };
}

function status(terminal: Terminal): (flags: ConnectionFlags) => Promise<void> {
  return async (flags) => {
    await withDatabase(flags, terminal, async (database, schema) => {
      const migrations = await migrationStatus(database, schema);
      if (flags.json) return terminal.printJson({ schema, migrations });
      terminal.print(`Schema ${JSON.stringify(schema)}`, "bold");
      terminal.table(
        migrations.map(({ version, name, state, appliedAt, hashMatches, breaking }) => [
          version,
          name,
          hashMatches === false ? "changed since it was applied" : state === "unknown" ? `of a newer tidemark${breaking ? ", breaking" : ""}` : state,
          appliedAt?.toISOString() ?? "",
        ]),
      );
    });
  };
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidOptionError("It must be a whole number.");
  return Number(text);
}
