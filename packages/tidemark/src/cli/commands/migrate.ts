import { type Command, InvalidArgumentError as InvalidOptionError } from "commander";
import { checkSchemaName } from "../../arguments/names.ts";
import { pendingSteps, readApplied } from "../../schema/applied.ts";
import { beginChain, chainTrigger } from "../../schema/event-chain.ts";
import { checkServer } from "../../schema/check-server.ts";
import { migrate } from "../../schema/migrate.ts";
import { migrationSql } from "../../schema/migration-sql.ts";
import { rolesSql } from "../../schema/roles-sql.ts";
import { nameOfStep, shippedSchema } from "../../schema/migrations.ts";
import { type FunctionsStatus, type MigrationStatus, schemaStatus, verify } from "../../schema/verify.ts";
import { addConnectionFlags, type ConnectionFlags, defaultSchema, loggerOf, mayCreate, withDatabase } from "../connection.ts";
import { addConfigFlag } from "../config/settings.ts";
import type { Terminal } from "../terminal.ts";

/** `tidemark migrate up|status|verify|chain|sql|roles` */
export function addMigrate(program: Command, terminal: Terminal): void {
  const command = program
    .command("migrate")
    .description("Bring the store's schema up to date, or look at it.")
    .helpCommand(false)
    .addHelpText("after", "\nExamples:\n  tidemark migrate status --url postgres://app@localhost/shop\n  tidemark migrate up --help");

  addConnectionFlags(command.command("up"))
    .description("Apply what is pending. Safe to run from many places at once, and again after it was cut short.")
    .option("--dry-run", "only tell what would be applied")
    .addHelpText(
      "after",
      "\nExamples:\n  DATABASE_URL=postgres://… tidemark migrate up\n  tidemark migrate up --url postgres://app@localhost/shop --schema orders --dry-run",
    )
    .action((flags: UpFlags) => up(flags, terminal));

  addConnectionFlags(command.command("status"))
    .description("List every migration and whether it was applied.")
    .addHelpText("after", "\nExample:\n  tidemark migrate status --json | jq '.migrations[] | select(.state == \"pending\")'")
    .action((flags: ConnectionFlags) => status(flags, terminal));

  addConnectionFlags(command.command("verify"))
    .description("Exit with 0 when this version of tidemark can work with the schema, else with 3.")
    .addHelpText("after", "\nExample, as a gate before a deployment:\n  tidemark migrate verify || exit 1")
    .action((flags: ConnectionFlags) => checkFit(flags, terminal));

  addConnectionFlags(command.command("chain"))
    .description(
      "Have every event that is appended from now on carry a hash of itself and of the event before it in its stream: tidemark verify then finds what was changed.",
    )
    .addHelpText("after", "\nExample:\n  tidemark migrate chain --url postgres://owner@localhost/shop")
    .action((flags: ConnectionFlags) => chain(flags, terminal));

  addConfigFlag(command.command("sql"))
    .description("Print the migrations as SQL, for psql, Flyway, Prisma, Knex and others. Needs no connection.")
    .option("--schema <name>", "PostgreSQL schema that holds the store, else TIDEMARK_SCHEMA", defaultSchema)
    .option("--from <version>", "the newest migration that the schema has", wholeNumber, 0)
    .option("--json", "print one JSON document on stdout, errors too")
    .addHelpText("after", '\nExample:\n  tidemark migrate sql --schema orders | psql --single-transaction --set ON_ERROR_STOP=1 "$DATABASE_URL"')
    .action(({ schema, from, json }: { readonly schema: string; readonly from: number; readonly json?: true }) => {
      const sql = migrationSql({ schema: checkSchemaName(schema, "--schema"), from });
      if (json) terminal.printJson({ schema, from, sql });
      else terminal.printRaw(sql);
    });

  addConfigFlag(command.command("roles"))
    .description("Print SQL that creates roles with the least that an owner, a writer, a reader, a worker and an operator need. Needs no connection.")
    .option("--schema <name>", "PostgreSQL schema that holds the store, else TIDEMARK_SCHEMA", defaultSchema)
    .option("--prefix <prefix>", "what the names of the roles begin with", "tidemark")
    .option("--json", "print one JSON document on stdout, errors too")
    .addHelpText(
      "after",
      '\nExample, after each migration:\n  tidemark migrate roles --schema orders --prefix shop | psql --set ON_ERROR_STOP=1 "$DATABASE_URL"',
    )
    .action(({ schema, prefix, json }: { readonly schema: string; readonly prefix: string; readonly json?: true }) => {
      const sql = rolesSql({ schema: checkSchemaName(schema, "--schema"), prefix: checkSchemaName(prefix, "--prefix") });
      if (json) terminal.printJson({ schema, prefix, sql });
      else terminal.printRaw(sql);
    });
}

interface UpFlags extends ConnectionFlags {
  readonly dryRun?: boolean;
}

async function up(flags: UpFlags, terminal: Terminal): Promise<void> {
  const changes = await withDatabase(flags, terminal, flags.dryRun !== true, async (database, schema) => {
    await checkServer(database, schema, { withApplied: false });
    if (flags.dryRun) return pendingSteps(schema, await readApplied(database, schema), shippedSchema);
    return migrate(database, schema, { logger: loggerOf(terminal) });
  });
  const named = changes.map((step) => ("version" in step ? { version: step.version, name: step.name } : { functions: step.hash.slice(0, 8) }));
  if (flags.json) return terminal.printJson(flags.dryRun ? { schema: flags.schema, pending: named } : { schema: flags.schema, applied: named });
  if (changes.length === 0) terminal.print(`Schema ${JSON.stringify(flags.schema)} is up to date.`);
  // Each was told when it was applied.
  else if (!flags.dryRun) terminal.print(`Schema ${JSON.stringify(flags.schema)} is up to date now.`);
  else for (const step of changes) terminal.print(`would apply ${nameOfStep(step)}`);
}

async function status(flags: ConnectionFlags, terminal: Terminal): Promise<void> {
  const { migrations, functions } = await withDatabase(flags, terminal, !mayCreate, schemaStatus);
  if (flags.json) return terminal.printJson({ schema: flags.schema, migrations, functions });
  terminal.print(`Schema ${JSON.stringify(flags.schema)}`, "bold");
  terminal.table([
    ["version", "name", "state", "applied at"],
    ...migrations.map((migration) => [String(migration.version), migration.name, inWords(migration), migration.appliedAt?.toISOString() ?? ""]),
    ...functions.map(({ hash, state, appliedAt }) => ["functions", hash.slice(0, 8), functionsInWords[state], appliedAt?.toISOString() ?? ""]),
  ]);
}

const functionsInWords: Readonly<Record<FunctionsStatus["state"], string>> = {
  applied: "applied",
  pending: "pending",
  other: "of another version of tidemark",
};

function inWords({ state, hashMatches, breaking }: MigrationStatus): string {
  if (hashMatches === false) return "changed since it was applied";
  return state === "unknown" ? `of a newer tidemark${breaking ? ", breaking" : ""}` : state;
}

async function checkFit(flags: ConnectionFlags, terminal: Terminal): Promise<void> {
  await withDatabase(flags, terminal, !mayCreate, async (database, schema) => {
    await checkServer(database, schema, { withApplied: false });
    await verify(database, schema);
  });
  if (flags.json) terminal.printJson({ schema: flags.schema, fits: true });
  else terminal.print(`Schema ${JSON.stringify(flags.schema)} fits this version of tidemark.`);
}

async function chain(flags: ConnectionFlags, terminal: Terminal): Promise<void> {
  const { after, active } = await withDatabase(flags, terminal, !mayCreate, async (database, schema) => {
    await checkServer(database, schema, { withApplied: false });
    await verify(database, schema);
    return beginChain(database, schema);
  });
  if (flags.json) return terminal.printJson({ schema: flags.schema, after, active });
  const since = after === 0 ? "Every event" : `Every event after position ${after}`;
  terminal.print(`${since} of schema ${JSON.stringify(flags.schema)} is chained.`);
  if (!active) terminal.say(`The trigger ${chainTrigger} was dropped or disabled: tidemark doctor tells how to restore it.`);
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidOptionError("It must be a whole number.");
  return Number(text);
}
