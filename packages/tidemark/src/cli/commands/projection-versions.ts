import type { Command } from "commander";
import { didYouMean } from "../../arguments/suggest.ts";
import type { Projection } from "../../arguments/projection.ts";
import { InvalidArgumentError } from "../../errors/errors.ts";
import type { EventStore } from "../../store/event-store.ts";
import { confirm } from "../confirm.ts";
import { configuredEvents, needProjections, projectionsModule } from "../config/definitions.ts";
import { Finding } from "../finding.ts";
import { given, wholeNumber } from "../flags.ts";
import { printCheck } from "../projection-check-lines.ts";
import { RebuildReport } from "../rebuild-report.ts";
import { addStoreFlags, type StoreFlags, withStore } from "../store.ts";
import type { Terminal } from "../terminal.ts";
import { untilInterrupted } from "../until-interrupted.ts";

interface VersionFlags extends StoreFlags {
  readonly projections?: string;
  readonly projectionVersion?: number;
}

interface SwapFlags extends VersionFlags {
  readonly keepDependents?: true;
  readonly timeout?: number;
}

interface RebuildFlags extends VersionFlags {
  readonly manual?: true;
  readonly check?: number;
  readonly eventsPerSecond?: number;
  readonly parallel?: number;
  readonly keepDependents?: true;
}

interface DropFlags extends VersionFlags {
  readonly teardown: boolean;
  readonly yes?: true;
}

interface CheckFlags extends VersionFlags {
  readonly sample?: number;
  readonly all?: true;
}

const definitions = "a module that exports its definition, as for worker";
const afterwards = "the projection as show does, one JSON document,";

/** `tidemark projections rebuild|rebuild-document|swap|rollback|drop|check` */
export function addVersions(command: Command, terminal: Terminal): void {
  addVersion(command, "rebuild", "progress and the end, one JSON document a line,")
    .description("Build a version beside the one that serves, check it, and have it serve. Ctrl-C stops it; run again, it goes on from there.")
    .option("--projections <file>", `${definitions}; without it, a worker elsewhere has to build it`)
    .option("--projection-version <number>", "the version to build; default: the newest of the module, or else that is registered", wholeNumber)
    .option("--manual", "stop once it is built and checked; swap has it serve")
    .option("--check <documents>", "how many documents to compare with a second fold of the log; default: 1000", wholeNumber)
    .option("--events-per-second <number>", "read the log no faster than this", wholeNumber)
    .option("--parallel <parts>", "fold the log in so many parts, which the workers of the projection share", wholeNumber)
    .option("--keep-dependents", "serve although views and such hang on the old table: they stay with it")
    .addHelpText(
      "after",
      "\nExamples:\n  tidemark projections rebuild cart-summary --projections dist/projections.js\n  tidemark projections rebuild cart-summary --manual --json",
    )
    .action((name: string, flags: RebuildFlags) => rebuild(name, flags, terminal));

  addVersion(command, "rebuild-document", "what was done, one JSON document,")
    .argument("<document>", "the document's id")
    .description("Make one document of its events anew.")
    .option("--projections <file>", `${definitions}; default: the configuration`)
    .option("--projection-version <number>", "its version; default: the one that serves", wholeNumber)
    .addHelpText("after", "\nExample:\n  tidemark projections rebuild-document cart-summary cart-42 --projections dist/projections.js")
    .action((name: string, id: string, flags: VersionFlags) => rebuildDocument(name, id, flags, terminal));

  for (const [word, description, done] of [
    ["swap", "Have a version serve that is built.", "serves"],
    ["rollback", "Have the version serve again that served before.", "serves again"],
  ] as const) {
    addVersion(command, word, afterwards)
      .description(description)
      .option("--projections <file>", `${definitions}; needed where that has a function swap`)
      .option(
        "--projection-version <number>",
        word === "swap" ? "the version; default: the newest" : "the version; default: the one that served before",
        wholeNumber,
      )
      .option("--keep-dependents", "do so although views and such hang on the other version's table: they stay with it")
      .option("--timeout <seconds>", "how long to wait for readers and appends that are in the way; default: 30", wholeNumber)
      .addHelpText("after", `\nExample:\n  tidemark projections ${word} cart-summary`)
      .action((name: string, flags: SwapFlags) => swap(name, flags, terminal, { call: word === "swap" ? "swap" : "rollBack", done }));
  }

  addVersion(command, "drop", "what was dropped, one JSON document,")
    .argument("<version>", "the version", wholeNumber)
    .description("Remove a version that does not serve, for good: its documents, its place in the log and its build.")
    .option("--projections <file>", `${definitions}; needed where that has a function teardown`)
    .option("--no-teardown", "leave what its teardown would remove")
    .option("--yes", "do not ask")
    .addHelpText("after", "\nExample:\n  tidemark projections drop cart-summary 1 --yes")
    .action((name: string, version: number, flags: DropFlags) => drop(name, version, flags, terminal));

  addVersion(command, "check", "what was found, one JSON document,")
    .description("Compare documents with a fresh fold of the log. Exits with 1 if they differ.")
    .option("--projections <file>", `${definitions}; default: the configuration`)
    .option("--projection-version <number>", "its version; default: the one that serves", wholeNumber)
    .option("--sample <documents>", "how many documents to compare, about; default: 1000", wholeNumber)
    .option("--all", "compare all of them")
    .addHelpText(
      "after",
      "\nExamples:\n  tidemark projections check cart-summary --projections dist/projections.js\n  tidemark projections check cart-summary --projections dist/projections.js --all --json",
    )
    .action((name: string, flags: CheckFlags) => check(name, flags, terminal));
}

function addVersion(command: Command, name: string, json: string): Command {
  return addStoreFlags(command.command(name), json).argument("<projection>", "the projection's name");
}

/** Opens the store with the definitions of this projection alone: no other one begins to be followed for it. */
async function withDefinitions<T>(name: string, flags: VersionFlags, terminal: Terminal, work: (store: EventStore) => Promise<T>): Promise<T> {
  return await withStore(flags, terminal, work, { projections: await definitionsOf(name, flags), ...configuredEvents(flags) });
}

async function definitionsOf(name: string, flags: VersionFlags): Promise<readonly Projection[]> {
  const { projections = [], inline = [] } = (await projectionsModule(flags)) ?? {};
  const all = [...projections, ...inline];
  const own = all.filter((projection) => projection.name === name);
  // A worker elsewhere may have what no module was named for.
  if (own.length > 0 || flags.projections === undefined) return own;
  const names = [...new Set(all.map((projection) => projection.name))];
  throw new InvalidArgumentError(
    "--projections",
    `exports no projection ${JSON.stringify(name)}${didYouMean(name, names) || `; it exports ${names.map((one) => JSON.stringify(one)).join(", ") || "none"}`}`,
  );
}

async function rebuild(name: string, flags: RebuildFlags, terminal: Terminal): Promise<void> {
  const report = new RebuildReport(terminal, flags.json === true);
  const interrupted =
    "The rebuild was interrupted. What is built stays: run the command again, or start a worker that has the definition, and it goes on from there.";
  try {
    const projection = await withDefinitions(name, flags, terminal, (store) =>
      untilInterrupted(interrupted, (signal) =>
        store.projections.rebuild(name, {
          ...given({ version: flags.projectionVersion, check: flags.check, eventsPerSecond: flags.eventsPerSecond, parallel: flags.parallel }),
          swap: flags.manual ? "manual" : "auto",
          dependents: flags.keepDependents ? "keep" : "refuse",
          onProgress: (progress) => report.show(progress),
          signal,
        }),
      ),
    );
    report.end();
    if (flags.json) terminal.printJson({ event: "done", projection });
    else if (projection.serving) terminal.print(`${name} version ${projection.version} serves.`);
    else terminal.print(`${name} version ${projection.version} is built. To have it serve: tidemark projections swap ${name}`);
  } finally {
    report.end();
  }
}

async function rebuildDocument(name: string, id: string, flags: VersionFlags, terminal: Terminal): Promise<void> {
  needProjections(flags);
  const rebuilt = await withDefinitions(name, flags, terminal, (store) =>
    untilInterrupted("The command was interrupted. Nothing was changed.", (signal) =>
      store.projections.rebuildDocument(name, id, { ...given({ version: flags.projectionVersion }), signal }),
    ),
  );
  if (flags.json) terminal.printJson({ ...rebuilt, document: rebuilt.document ?? null });
  else
    terminal.print(
      `${id} ${rebuilt.changed ? "was made anew" : "was right"}: ${rebuilt.document ? `of ${rebuilt.events} events` : "its events leave no document"}.`,
    );
}

async function swap(
  name: string,
  flags: SwapFlags,
  terminal: Terminal,
  { call, done }: { readonly call: "swap" | "rollBack"; readonly done: string },
): Promise<void> {
  const projection = await withDefinitions(name, flags, terminal, (store) =>
    untilInterrupted("The command was interrupted. Look with tidemark projections list which version serves.", (signal) =>
      store.projections[call](name, {
        ...given({ version: flags.projectionVersion, timeoutMs: flags.timeout === undefined ? undefined : flags.timeout * 1_000 }),
        dependents: flags.keepDependents ? "keep" : "refuse",
        signal,
      }),
    ),
  );
  if (flags.json) terminal.printJson(projection);
  else terminal.print(`${name} version ${projection.version} ${done}.`);
}

async function drop(name: string, version: number, flags: DropFlags, terminal: Terminal): Promise<void> {
  await withDefinitions(name, flags, terminal, async (store) => {
    // Before anybody is asked about what is not there.
    const { collection, serving } = await store.projections.get(name, { version });
    if (!serving)
      await confirm(
        terminal,
        `This removes version ${version} of ${JSON.stringify(name)} for good: ${collection === undefined ? "what its teardown removes" : "its documents"}, its place in the log and its build.`,
        flags.yes,
      );
    await store.projections.drop(name, version, { teardown: flags.teardown });
    if (flags.json) terminal.printJson({ dropped: { name, version } });
    else terminal.print(`${name} version ${version} is dropped.`);
  });
}

async function check(name: string, flags: CheckFlags, terminal: Terminal): Promise<void> {
  if (flags.all && flags.sample !== undefined) throw new InvalidArgumentError("--sample", "does not fit --all: give one of them");
  needProjections(flags);
  const found = await withDefinitions(name, flags, terminal, (store) =>
    untilInterrupted("The check was interrupted. Nothing was changed.", (signal) =>
      store.projections.check(name, { ...given({ version: flags.projectionVersion, sample: flags.all ? ("all" as const) : flags.sample }), signal }),
    ),
  );
  if (flags.json) terminal.printJson(found);
  else printCheck(name, found, terminal);
  if (found.different > 0) throw new Finding(`${found.different} documents are not what the log makes of them`);
}
