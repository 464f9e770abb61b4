import { type Command, InvalidArgumentError as InvalidOptionError, Option } from "commander";
import { escapeUnsafe, hideCredentials } from "../../arguments/describe-value.ts";
import type { AuditEntry, AuditQuery, AuditState } from "../../audit/audit.ts";
import { lineUp, type Row } from "../columns.ts";
import { confirm } from "../confirm.ts";
import { given, wholeNumber } from "../flags.ts";
import { addStoreFlags, type StoreFlags, withStore } from "../store.ts";
import type { Terminal } from "../terminal.ts";

const states: readonly AuditState[] = ["begun", "done", "failed"];

const dayMs = 24 * 60 * 60 * 1_000;

type AuditFlags = AuditQuery & { readonly limit: number };

interface PruneFlags {
  readonly keepDays: number;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** `tidemark audit list|prune` */
export function addAudit(program: Command, terminal: Terminal): void {
  const command = program
    .command("audit")
    .description("List who changed what in the running of the store, and remove old entries.")
    .helpCommand(false)
    .addHelpText(
      "after",
      "\nWithout a command it lists.\n\nExamples:\n  tidemark audit --subject 'consumer mailer'\n  tidemark audit prune --keep-days 365 --dry-run",
    );

  addStoreFlags(command.command("list", { isDefault: true }), "one JSON document a line")
    .description("List who changed what in the running of the store, the latest first: by these commands, the studio, or an application.")
    .option("--subject <subject>", "only what was done to this, such as 'consumer mailer'")
    .option("--actor <name>", "only what this person did")
    .option("--action <action>", "only this, such as pause")
    .addOption(new Option("--state <state>", "only what was done, failed, or was begun and does not say how it ended").choices(states))
    .option("--before <number>", "only those before this number, which the list shows", wholeNumber)
    .option("--limit <number>", "the most to list", wholeNumber, 100)
    .addHelpText("after", "\nExamples:\n  tidemark audit --subject 'consumer mailer'\n  tidemark audit --state failed --json | jq -r .error")
    .action((flags: StoreFlags & AuditFlags) => list(flags, terminal));

  addStoreFlags(command.command("prune"))
    .description("Remove entries of the audit that are old, for good. Without --tenant those of all tenants.")
    .requiredOption("--keep-days <number>", "keep those of so many days, at least 1", days)
    .option("--dry-run", "say how many there are, and remove nothing")
    .option("--yes", "do not ask for confirmation; needed without a terminal")
    .addHelpText("after", "\nExamples:\n  tidemark audit prune --keep-days 365 --dry-run\n  tidemark audit prune --keep-days 365 --yes")
    .action((flags: StoreFlags & PruneFlags) => prune(flags, terminal));
}

async function list({ subject, actor, action, state, before, limit, ...flags }: StoreFlags & AuditFlags, terminal: Terminal): Promise<void> {
  const entries = await withStore(flags, terminal, (store) => store.audit.list(given({ subject, actor, action, state, before, limit })));
  await terminal.printLines(flags.json ? documents(entries) : lineUp(rows(entries), terminal.width));
  if (entries.length === 0) terminal.say("There are no entries.");
  else if (entries.length === limit) terminal.say(`There may be more than these ${limit}: see --limit and --before.`);
}

async function* rows(entries: readonly AuditEntry[]): AsyncGenerator<Row, void, undefined> {
  if (entries.length > 0) yield ["number", "begun at", "state", "who", "action", "subject", "reason", "error"];
  for (const { number, begunAt, state, actor = "", action, subject, reason = "", error = "" } of entries)
    yield [number, begunAt.toISOString(), state, ...[actor, action, subject, reason, error].map((text) => escapeUnsafe(hideCredentials(text)))];
}

async function* documents(entries: readonly AuditEntry[]): AsyncGenerator<string, void, undefined> {
  for (const entry of entries) yield escapeUnsafe(JSON.stringify(entry));
}

/** The entry of this very change is younger than a day, and stays. */
function days(text: string): number {
  const number = wholeNumber(text);
  if (number < 1 || number > 36_500) throw new InvalidOptionError("It must be from 1 to 36500.");
  return number;
}

async function prune({ keepDays, dryRun = false, yes, ...flags }: StoreFlags & PruneFlags, terminal: Terminal): Promise<void> {
  const before = new Date(Date.now() - keepDays * dayMs);
  const removed = await withStore(flags, terminal, async (store) => {
    const old = await store.audit.prune({ before, dryRun: true });
    if (dryRun) return old;
    await confirm(terminal, `${entriesOf(old)} that began before ${before.toISOString()} would be removed from the audit, for good.`, yes);
    return await store.audit.prune({ before });
  });
  if (flags.json) terminal.printJson({ ...(dryRun && { dryRun }), removed, before });
  else terminal.print(`${entriesOf(removed)} that began before ${before.toISOString()} ${dryRun ? "would be" : removed === 1 ? "is" : "are"} removed.`);
}

function entriesOf(count: number): string {
  return count === 1 ? "1 entry" : `${count} entries`;
}
