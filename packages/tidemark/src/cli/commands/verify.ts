import type { Command } from "commander";
import type { VerifyProblemKind } from "../../operations/verify/problems.ts";
import type { VerifyReport } from "../../operations/verify/verify.ts";
import { configuredEvents, projectionsModule } from "../config/definitions.ts";
import { Finding } from "../finding.ts";
import { given, wholeNumber } from "../flags.ts";
import { count, counted, Progress } from "../progress.ts";
import { addStoreFlags, type StoreFlags, withStore } from "../store.ts";
import type { Terminal } from "../terminal.ts";
import { untilInterrupted } from "../until-interrupted.ts";

interface VerifyFlags extends StoreFlags {
  readonly from?: number;
  readonly until?: number;
  readonly projections?: string;
  readonly digest?: string;
  readonly documents?: number;
}

/** `tidemark verify` */
export function addVerify(program: Command, terminal: Terminal): void {
  addStoreFlags(program.command("verify"), "the report, one JSON document,")
    .description(
      "Verify that the store is whole: versions, order, streams, tags, hashes, checkpoints, snapshots, documents. Exits with 1 if something is wrong.",
    )
    .option("--from <position>", "verify the events after this position: where an interrupted run ended", wholeNumber)
    .option("--until <position>", "the last position to verify; default: the high-water mark", wholeNumber)
    .option("--digest <digest>", "the digest that an earlier run printed for the events up to --until; another one is a problem")
    .option("--projections <file>", "a module that exports projections, as for worker: compare their documents with the log, too")
    .option("--documents <number>", "how many documents of each projection to compare, about; default: 1000", wholeNumber)
    .addHelpText(
      "after",
      "\nExamples:\n  tidemark verify\n  tidemark verify --projections dist/projections.js --json\n  tidemark verify --from 5000000 || exit 1",
    )
    .action((flags: VerifyFlags) => verify(flags, terminal));
}

async function verify(flags: VerifyFlags, terminal: Terminal): Promise<void> {
  const modules = await projectionsModule(flags);
  const progress = new Progress(terminal, "event");
  let reached = flags.from ?? 0;
  try {
    const report = await withStore(
      flags,
      terminal,
      (store) =>
        untilInterrupted("The verification was interrupted. Nothing was changed.", (signal) =>
          store.verify({
            ...given({ from: flags.from, until: flags.until, digest: flags.digest, documents: flags.documents }),
            signal,
            onProgress: ({ events, position, fraction }) => {
              reached = position;
              progress.update(events, fraction);
            },
          }),
        ).catch((error: unknown) => {
          progress.end();
          if (reached > (flags.from ?? 0)) terminal.say(`Everything up to position ${reached} was looked at; go on with --from ${reached}.`);
          throw error;
        }),
      { projections: modules ? [...modules.projections, ...modules.inline] : [], ...configuredEvents(flags) },
    );
    progress.end();
    if (flags.json) terminal.printJson(report);
    else print(report, terminal, progress);
    if (!report.ok) throw new Finding("something is wrong");
  } finally {
    progress.end();
  }
}

function print({ ok, events, documents, until, chain, problems, counts }: VerifyReport, terminal: Terminal, progress: Progress): void {
  const kinds = new Set<VerifyProblemKind>(problems.map(({ kind }) => kind));
  for (const kind of kinds) {
    const own = problems.filter((problem) => problem.kind === kind);
    const all = counts[kind] ?? own.length;
    terminal.print(`${kind} (${count(all)})`, "bold");
    for (const { what, tenant } of own) terminal.print(`  ${tenant === "" ? "" : `${tenant}: `}${what}`);
    if (all > own.length) terminal.print(`  and ${count(all - own.length)} more`);
  }
  const seen = `${counted(events, "event")} up to position ${until}${documents > 0 ? ` and ${counted(documents, "document")}` : ""} verified in ${progress.summary(events)}`;
  if (chain) terminal.print(`digest ${chain.digest} up to position ${until}`);
  terminal.say(ok ? `${seen}: nothing is wrong.` : `${seen}: see above for what is wrong.`);
}
