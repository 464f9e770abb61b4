import { type Command, Option } from "commander";
import { escapeUnsafe, hideCredentials } from "../../arguments/describe-value.ts";
import type { AuditEntry, AuditQuery, AuditState } from "../../audit/audit.ts";
import { lineUp, type Row } from "../columns.ts";
import { given, wholeNumber } from "../flags.ts";
import { addStoreFlags, type StoreFlags, withStore } from "../store.ts";
import type { Terminal } from "../terminal.ts";

const states: readonly AuditState[] = ["begun", "done", "failed"];

type AuditFlags = AuditQuery & { readonly limit: number };

/** `tidemark audit` */
export function addAudit(program: Command, terminal: Terminal): void {
  addStoreFlags(program.command("audit"), "one JSON document a line")
    .description("List who changed what in the running of the store, the latest first: by these commands, the studio, or an application.")
    .option("--subject <subject>", "only what was done to this, such as 'consumer mailer'")
    .option("--actor <name>", "only what this person did")
    .option("--action <action>", "only this, such as pause")
    .addOption(new Option("--state <state>", "only what was done, failed, or was begun and does not say how it ended").choices(states))
    .option("--before <number>", "only those before this number, which the list shows", wholeNumber)
    .option("--limit <number>", "the most to list", wholeNumber, 100)
    .addHelpText("after", "\nExamples:\n  tidemark audit --subject 'consumer mailer'\n  tidemark audit --state failed --json | jq -r .error")
    .action((flags: StoreFlags & AuditFlags) => audit(flags, terminal));
}

async function audit({ subject, actor, action, state, before, limit, ...flags }: StoreFlags & AuditFlags, terminal: Terminal): Promise<void> {
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
