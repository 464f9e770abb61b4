import { readFile } from "node:fs/promises";
import { commitNow, keepReport } from "../report/keep.ts";
import type { Mutant } from "./patch.ts";

/** What became of a mutant. */
export interface Fate {
  readonly mutant: Mutant;
  /** The invariants that broke, in the hunt that killed it or in the last. */
  readonly broken: readonly string[];
  readonly killed: boolean;
  readonly hunts: number;
  readonly seconds: number;
}

/** Before reports told the commit. */
const unknownCommit = "earlier";
const title = "Bugs put into the code, and what found them";

const introduction = [
  "Each patch puts one bug into a copy of the code. A short run, the fuzz, an interleaving or a crash point must then break one of the checks that",
  "the patch names; see [README.md](README.md) for what they are. Times are those of a machine that does other work, too.",
  "",
  "Some bugs need two sessions at one place. Chance finds such a bug late or not at all: in runs `claims-after-check`, `created-twice` and",
  "`live-with-a-hole` survived three hunts each. An interleaving brings the sessions there, in every order. `torn-floor` and `torn-mark` have a",
  "program of their own, which reads the sequence until it is torn.",
];

/**
 * Writes what became of mutants into a report, which keeps what it says of others: not all have to be hunted in one go. A line of the
 * table names the commit that it was hunted on.
 *
 * @param all - the mutants that there are: lines of others are left out
 */
export async function reportMutants(file: string | undefined, fates: readonly Fate[], all: readonly Mutant[]): Promise<void> {
  if (file === undefined) return;
  const rows = await readRows(file);
  const commit = await commitNow();
  for (const { mutant, killed, broken, seconds } of fates) {
    const { name, bug, source } = mutant;
    const found = killed ? broken.join(", ") : "**survived**";
    rows.set(name, `| [${name}](../../torture/mutants/${name}.patch) | ${bug} | ${source} | ${found} | ${seconds} s | ${commit} |`);
  }
  const told = all.map(({ name }) => rows.get(name) ?? `| ${name} | | | **not hunted** | | |`);
  const missing = told.filter((row) => row.includes("| **survived** |") || row.includes("| **not hunted** |")).length;
  const lines = [
    ...introduction,
    "",
    `${told.length - missing} of ${told.length} were found, when each was hunted last.`,
    "",
    "| patch | bug | known from | found by | in | on commit |",
    "|---|---|---|---|---|---|",
    ...told,
  ];
  await keepReport(file, { title, lines, form: "markdown" });
}

/** The lines of an earlier report's table, by mutant. */
async function readRows(file: string): Promise<Map<string, string>> {
  const text = await readFile(file, "utf8").catch(() => "");
  return new Map(
    text
      .split("\n")
      .filter((line) => line.startsWith("| ["))
      .map((line) => [/^\| \[([^\]]+)\]/.exec(line)?.[1] ?? "", line.split(" | ").length < 6 ? `${line} ${unknownCommit} |` : line]),
  );
}
