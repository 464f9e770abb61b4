import { type Command, Option } from "commander";
import { InvalidArgumentError, isTidemarkError } from "../../errors/errors.ts";
import type { EventStore } from "../../store/event-store.ts";
import type { DeadLetterHistoryQuery, DeadLetterKey, DeadLetterQuery } from "../../consumers/dead-letter.ts";
import { lineUp } from "../columns.ts";
import { confirm } from "../confirm.ts";
import { letterDocument, letterDocuments, letterRows, letterTable, resolvedDocuments, resolvedRows } from "../dead-letter-lines.ts";
import { given, wholeNumber } from "../flags.ts";
import { addShapeFlags, type ShapeFlags, shapeOptions } from "../shape-flags.ts";
import { addStoreFlags, type StoreFlags, withStore } from "../store.ts";
import type { Terminal } from "../terminal.ts";

/** Letters that are asked for at once. */
const pageSize = 1_000;

/** `tidemark dead-letters list|show|retry|discard|history` */
export function addDeadLetters(program: Command, terminal: Terminal): void {
  const command = program
    .command("dead-letters")
    .description("Look at the events that consumers and relays gave up on; have them handled again, or discard them.")
    .helpCommand(false)
    .addHelpText("after", "\nExamples:\n  tidemark dead-letters list\n  tidemark dead-letters retry --help");

  addShapeFlags(addStoreFlags(command.command("list"), "one JSON document a line"))
    .description("List dead letters by consumer and position, each with its error.")
    .option("--consumer <consumer>", "only this consumer's, or this relay's")
    .addOption(kindOption("only those of consumers, or of relays"))
    .addOption(
      new Option("--state <state>", "only those that failed, wait behind one of their stream, or were skipped").choices(["failed", "parked", "skipped"]),
    )
    .option("--after <position>", "of each consumer, only those after this position", wholeNumber)
    .option("--limit <number>", "the most letters to list", wholeNumber, 100)
    .addHelpText(
      "after",
      "\nExamples:\n  tidemark dead-letters list --consumer mailer --state failed\n  tidemark dead-letters list --limit 10000 --json | jq -r .error.message | sort | uniq -c",
    )
    .action((flags: StoreFlags & ShapeFlags & ListFlags) => list(flags, terminal));

  addShapeFlags(addOne(command, "show", "<letter>"))
    .description("Show one dead letter: its event, its error and the place in the code.")
    .addHelpText("after", "\nExample:\n  tidemark dead-letters show mailer 813")
    .action((consumer: string, letter: string, { kind, ...flags }: StoreFlags & ShapeFlags & KindFlag) => show(keyOf(consumer, letter, kind), flags, terminal));

  addOne(command, "retry", "[letter]")
    .description("Have a dead letter handled again by a worker of its consumer. Letters of one stream go in order, the first one first.")
    .option("--all", "all that failed, with those that wait behind them")
    .addHelpText("after", "\nExamples:\n  tidemark dead-letters retry mailer 813\n  tidemark dead-letters retry mailer --all")
    .action((consumer: string, letter: string | undefined, flags: StoreFlags & KindFlag & { readonly all?: boolean }) =>
      retry(consumer, letter, flags, terminal),
    );

  addOne(command, "discard", "<letter>")
    .description("Remove a dead letter for good: its event is never handled. Those of its stream that wait behind it are.")
    .option("--yes", "do not ask for confirmation; needed without a terminal")
    .addHelpText("after", "\nExample:\n  tidemark dead-letters discard mailer 813")
    .action((consumer: string, letter: string, { kind, ...flags }: StoreFlags & KindFlag & { readonly yes?: boolean }) =>
      discard(keyOf(consumer, letter, kind), flags, terminal),
    );

  addStoreFlags(command.command("history"), "one JSON document a line")
    .description("List resolved dead letters, the latest first: handled, discarded, or reset with their consumer.")
    .option("--consumer <consumer>", "only this consumer's, or this relay's")
    .addOption(kindOption("only those of consumers, or of relays"))
    .option("--limit <number>", "the most to list", wholeNumber, 100)
    .addHelpText("after", "\nExample:\n  tidemark dead-letters history --consumer mailer")
    .action((flags: StoreFlags & HistoryFlags) => history(flags, terminal));
}

interface KindFlag {
  readonly kind?: Kind;
}
type Kind = "consumer" | "relay";

function kindOption(what: string): Option {
  return new Option("--kind <kind>", what).choices(["consumer", "relay"]);
}

type HistoryFlags = Pick<DeadLetterHistoryQuery, "consumer" | "kind"> & { readonly limit: number };

async function history({ consumer, kind, limit, ...flags }: StoreFlags & HistoryFlags, terminal: Terminal): Promise<void> {
  const resolved = await withStore(flags, terminal, (store) => store.deadLetters.history(given({ consumer, kind, limit })));
  await terminal.printLines(flags.json ? resolvedDocuments(resolved) : lineUp(resolvedRows(resolved), terminal.width));
  if (resolved.length === 0) terminal.say("There are none.");
}

function addOne(command: Command, name: string, letter: "<letter>" | "[letter]"): Command {
  return addStoreFlags(command.command(name))
    .argument("<consumer>", "the name of the consumer, or of the relay")
    .argument(letter, "the event's position, or its id")
    .addOption(kindOption("what the name is of; default: consumer"));
}

function keyOf(consumer: string, letter: string, kind: Kind = "consumer"): DeadLetterKey {
  return /^\d+$/.test(letter) ? { consumer, kind, position: Number(letter) } : { consumer, kind, eventId: letter };
}

type ListFlags = Pick<DeadLetterQuery, "consumer" | "kind" | "state" | "after"> & { readonly limit: number };

async function list({ consumer, kind, state, after, limit, ...flags }: StoreFlags & ShapeFlags & ListFlags, terminal: Terminal): Promise<void> {
  const letters = await withStore(
    flags,
    terminal,
    (store) => store.deadLetters.list(given({ consumer, kind, state, after, limit })),
    await shapeOptions(flags),
  );
  await terminal.printLines(flags.json ? letterDocuments(letters) : lineUp(letterRows(letters), terminal.width));
  if (letters.length === 0) terminal.say("There are no dead letters.");
  else if (letters.length === limit) terminal.say(`There may be more than these ${limit}: see --limit and --after.`);
}

async function show(key: DeadLetterKey, flags: StoreFlags & ShapeFlags, terminal: Terminal): Promise<void> {
  const letter = await withStore(flags, terminal, (store) => store.deadLetters.get(key), await shapeOptions(flags));
  if (flags.json) return terminal.printJson(letterDocument(letter));
  terminal.table(letterTable(letter));
  for (const line of letter.error?.stack?.split("\n") ?? []) terminal.print(`  ${line}`);
  for (const line of JSON.stringify(letterDocument(letter).event, null, 2).split("\n")) terminal.print(line);
}

async function retry(
  consumer: string,
  letter: string | undefined,
  { all, kind = "consumer", ...flags }: StoreFlags & KindFlag & { readonly all?: boolean },
  terminal: Terminal,
): Promise<void> {
  if ((letter === undefined) !== (all === true)) throw new InvalidArgumentError("<letter>", "is missing. Name one letter, or pass --all");
  const requested = await withStore(flags, terminal, async (store) => {
    if (letter === undefined) return await retryAll(store, consumer, kind);
    await store.deadLetters.retry(keyOf(consumer, letter, kind));
    return 1;
  });
  if (flags.json) return terminal.printJson({ requested });
  const what = requested === 1 ? "1 letter is" : `${requested} letters are`;
  terminal.print(`${what} handled again as soon as a worker of ${consumer} comes to it.`);
}

async function retryAll(store: EventStore, consumer: string, kind: Kind): Promise<number> {
  // Refuses a name that nobody has, of which there would be no letters either.
  await (kind === "relay" ? store.relays : store.consumers).get(consumer);
  let requested = 0;
  for (let after = 0; ;) {
    const letters = await store.deadLetters.list({ consumer, kind, state: "failed", after, limit: pageSize });
    for (const letter of letters) {
      after = letter.position;
      try {
        await store.deadLetters.retry(letter);
        requested++;
      } catch (error) {
        // Another caller was faster.
        if (!isTidemarkError(error, "NOT_FOUND")) throw error;
      }
    }
    if (letters.length < pageSize) return requested;
  }
}

async function discard(key: DeadLetterKey, { yes, ...flags }: StoreFlags & { readonly yes?: boolean }, terminal: Terminal): Promise<void> {
  const letter = await withStore(flags, terminal, async (store) => {
    const found = await store.deadLetters.get(key);
    await confirm(
      terminal,
      `${found.consumer} would never handle the event at position ${found.position}, ${found.event.type} of ${found.event.streamId}.`,
      yes,
    );
    await store.deadLetters.discard(found);
    return found;
  });
  if (flags.json) terminal.printJson({ discarded: 1 });
  else terminal.print(`The letter of ${letter.consumer} at position ${letter.position} is discarded.`);
}
