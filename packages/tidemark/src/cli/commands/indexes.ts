import { Argument, type Command } from "commander";
import { logIndexSets, type LogIndexSet } from "../../schema/log-indexes.ts";
import type { IndexProgress } from "../../database/index-build-watch.ts";
import type { IndexInfo } from "../../schema/store-indexes.ts";
import { addConnectionFlags, type ConnectionFlags } from "../connection.ts";
import { IndexReport } from "../index-report.ts";
import { duration } from "../progress.ts";
import { withStore } from "../store.ts";
import type { Terminal } from "../terminal.ts";
import { untilInterrupted } from "../until-interrupted.ts";

/** What a set is for, and what it costs: docs/design/causation.md has the figures. */
const about: Readonly<Record<LogIndexSet, string>> = {
  causation:
    "Every event with a causationId or a correlationId has an entry in an index for each: about 50 bytes of disk, and a tenth more of the server's work for an append.",
};

/** `tidemark indexes list|create|drop` */
export function addIndexes(program: Command, terminal: Terminal): void {
  const command = program
    .command("indexes")
    .description("Create and drop the indexes of the log that not every application needs, while events are appended.")
    .helpCommand(false)
    .addHelpText("after", "\nExamples:\n  tidemark indexes list\n  tidemark indexes create causation");

  addConnectionFlags(command.command("list"))
    .description("List these indexes, whether they are there, and what they take.")
    .addHelpText("after", "\nExample:\n  tidemark indexes list")
    .action((flags: ConnectionFlags) => list(flags, terminal));

  addConnectionFlags(command.command("create"))
    .description(
      "Create a set of indexes beside appends and readers, or build those anew whose build failed. PostgreSQL reads the whole log, and waits for every transaction that began before.",
    )
    .addArgument(new Argument("<set>", "causation: for tidemark why, readCausation and readCorrelation").choices(logIndexSets))
    .addHelpText("after", "\nExample:\n  tidemark indexes create causation")
    .action((set: LogIndexSet, flags: ConnectionFlags) => create(set, flags, terminal));

  addConnectionFlags(command.command("drop"))
    .description("Drop a set of indexes beside appends and readers. Readings that need them fail then.")
    .addArgument(new Argument("<set>", "causation").choices(logIndexSets))
    .addHelpText("after", "\nExample:\n  tidemark indexes drop causation")
    .action((set: LogIndexSet, flags: ConnectionFlags) => drop(set, flags, terminal));
}

async function list(flags: ConnectionFlags, terminal: Terminal): Promise<void> {
  const indexes = await withStore(flags, terminal, (store) => store.indexes.list());
  if (flags.json) return terminal.printJson({ indexes });
  terminal.table([["set", "index", "state", "bytes"], ...indexes.map(({ set, name, state, bytes }) => [set, name, state, bytes])]);
}

async function create(set: LogIndexSet, flags: ConnectionFlags, terminal: Terminal): Promise<void> {
  if (!flags.json) terminal.say(`${about[set]} Building…`);
  const began = performance.now();
  const report = new IndexReport(terminal);
  const interrupted = "The build was stopped. An index that was not finished is invalid: the same command builds it anew, and drop removes it.";
  const indexes = await withStore(flags, terminal, (store) =>
    untilInterrupted(interrupted, async (signal) => {
      await store.indexes.create(set, { signal, ...(!flags.json && { onProgress: (progress: IndexProgress) => report.show(progress) }) });
      return await ofSet(set, store.indexes.list());
    }),
  ).finally(() => report.end());
  if (flags.json) return terminal.printJson({ indexes });
  const bytes = indexes.reduce((sum, index) => sum + index.bytes, 0);
  terminal.print(`The indexes ${set} are there, after ${duration((performance.now() - began) / 1_000)}: ${bytes.toLocaleString("en")} bytes.`);
}

async function drop(set: LogIndexSet, flags: ConnectionFlags, terminal: Terminal): Promise<void> {
  const indexes = await withStore(flags, terminal, async (store) => {
    await store.indexes.drop(set);
    return await ofSet(set, store.indexes.list());
  });
  if (flags.json) return terminal.printJson({ indexes });
  terminal.print(`The indexes ${set} are gone.`);
}

async function ofSet(set: LogIndexSet, listed: Promise<readonly IndexInfo[]>): Promise<readonly IndexInfo[]> {
  return (await listed).filter((index) => index.set === set);
}
