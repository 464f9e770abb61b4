import type { Command } from "commander";
import { quoteText } from "../../arguments/describe-value.ts";
import type { CatalogueChange } from "../../catalogue/diff/catalogue-change.ts";
import { diffCatalogues } from "../../catalogue/diff/diff-catalogues.ts";
import { loadCatalogue } from "../catalogue-module.ts";
import { Finding } from "../finding.ts";
import { counted } from "../progress.ts";
import type { Terminal } from "../terminal.ts";

interface DiffFlags {
  readonly rolling?: boolean;
  readonly json?: boolean;
}

const examples = `
Examples:
  git show main:src/events.ts > src/events.main.ts && tidemark events diff src/events.main.ts src/events.ts
  tidemark events diff old.ts new.ts --rolling || exit 1
  tidemark events diff old.ts new.ts --json | jq -r '.changes[] | select(.done | not) | .remedy'`;

/** `tidemark events diff` */
export function addEventsDiff(events: Command, terminal: Terminal): void {
  events
    .command("diff")
    .description(
      "Compare two catalogues, of the code that runs and of the code to deploy: what each change needs, and whether the old code reads what the new code writes. Exit with 0 if the new catalogue has all that is needed, else with 1. Needs no database.",
    )
    .argument("<old>", "a module that exports the catalogue of the code that runs")
    .argument("<new>", "a module that exports the catalogue of the code to deploy")
    .option("--rolling", "exit with 1 also where the old code, still running, would not read what the new code writes")
    .option("--json", "print one JSON document on stdout, errors too")
    .addHelpText("after", examples)
    .action(async (old: string, now: string, flags: DiffFlags) => {
      const changes = await diffCatalogues(await loadCatalogue(old, "<old>"), await loadCatalogue(now, "<new>"));
      const missing = changes.filter(({ done }) => !done);
      const unread = changes.filter(isUnread);
      if (flags.json) terminal.printJson({ changes, done: missing.length === 0, rolling: unread.length === 0, uncompared: uncomparedOf(changes) });
      else print(changes, terminal);
      const failed = missing.length + (flags.rolling ? unread.length : 0);
      if (failed > 0) throw new Finding(counted(failed, "change"));
    });
}

/** The types whose shapes could not be compared. */
function uncomparedOf(changes: readonly CatalogueChange[]): readonly string[] {
  return changes.filter(({ comparedBy }) => comparedBy === "nothing").map(({ type }) => type);
}

/** `unknown` does not count: it would be every type without a JSON Schema. */
function isUnread({ oldCode }: CatalogueChange): boolean {
  return oldCode === "misreads" || oldCode === "refuses";
}

function print(changes: readonly CatalogueChange[], terminal: Terminal): void {
  if (changes.length === 0) return terminal.say("The two catalogues read and write the same events.");
  const place = ({ type, path }: CatalogueChange): string => (path === undefined ? type : `${type} ${path}`);
  terminal.table([
    ["needs", "done", "old code", "change"],
    ...changes.map((change): string[] => [change.needs, change.done ? "yes" : "no", change.oldCode, `${place(change)}: ${change.message}`]),
  ]);
  for (const { type, remedy } of changes) if (remedy !== undefined) terminal.print(`${quoteText(type)} needs ${remedy}`);
  const missing = changes.filter(({ done }) => !done).length;
  const unread = changes.filter(isUnread).length;
  const end = missing === 0 ? "The new catalogue has what they need" : `${counted(missing, "change")} lack what they need`;
  const beside = unread === 0 ? "the old code reads what the new code writes" : `${counted(unread, "change")} the old code may not read while both run`;
  terminal.say(`${counted(changes.length, "change")}. ${end}; ${beside}.`);
  const uncompared = uncomparedOf(changes);
  if (uncompared.length === 0) return;
  const names = uncompared.map(quoteText).join(", ");
  terminal.say(`${counted(uncompared.length, "type")} could not be compared: ${names}. Give each a schema with a JSON Schema, or examples in both catalogues.`);
}
