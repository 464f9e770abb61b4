// The checker: reads the histories and the final state of a run from its folder, and writes verdict.json beside them.
// Ends with code 1 where something is wrong. Usage: node --conditions=source torture/src/check/main.ts <folder>
import { createReadStream, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { FinalState, LogLine } from "../history/final.ts";
import { readHistory } from "../history/read.ts";
import { addHistory, emptyHistories } from "./history.ts";
import { judge } from "./invariant.ts";
import { invariants } from "./invariants/invariants.ts";
import { logOf } from "./log.ts";
import { tallyOf } from "./tally.ts";
import { holds, type CheckedRun } from "./verdict.ts";

const folder = process.argv[2] ?? ".";

const histories = emptyHistories();
for (const file of readdirSync(folder)
  .filter((name) => name.endsWith(".history.jsonl"))
  .sort()) {
  addHistory(histories, file.replace(".history.jsonl", ""), readHistory(join(folder, file)));
}
const lines: LogLine[] = [];
for await (const line of createInterface({ input: createReadStream(join(folder, "log.jsonl")) })) lines.push(JSON.parse(line));
const log = logOf(lines);
const final: FinalState = JSON.parse(readFileSync(join(folder, "final.json"), "utf8"));

const checked: CheckedRun = { verdicts: judge(invariants, { histories, log, final }), tally: tallyOf(histories, log, final.published) };
writeFileSync(join(folder, "verdict.json"), JSON.stringify(checked, undefined, 2));
if (!checked.verdicts.every(holds)) process.exitCode = 1;
