// Breaks every call of the API at each of its protocol messages. Usage: see --help of the torture program.
import { fileURLToPath } from "node:url";
import { runChecker } from "../check/run-checker.ts";
import { createProgress } from "../progress.ts";
import { runCrashPoints } from "./run.ts";

const [only] = process.argv.slice(2);
const started = new Date().toISOString().replaceAll(":", "").slice(0, 17);
const folder = fileURLToPath(new URL(`../../runs/${started}-crash-points`, import.meta.url));
const startedAt = performance.now();
const { cases, messages, missed, slow } = await runCrashPoints(folder, 18, createProgress(), only);
const { verdicts } = await runChecker(folder);
// These are about processes and faults that this program does not have.
const asked = verdicts.filter(({ checked }) => checked > 0);
const red = asked.filter(({ anomalies }) => anomalies > 0);
for (const [call, count] of messages) console.log(`${`${count}`.padStart(5)} messages  ${call}`);
console.log(`${cases} crash points in ${Math.round((performance.now() - startedAt) / 1_000)} s; at ${missed} the message did not come again.`);
for (const text of slow) console.log(`Too slow: ${text}`);
for (const { id, title, anomalies, examples } of red) console.log(`${id} FAILS: ${title}\n${anomalies} anomalies:\n  ${examples.join("\n  ")}`);
console.log(red.length + slow.length === 0 ? `No anomalies: ${asked.map(({ id }) => id).join(", ")} hold.` : `ANOMALIES. Histories: ${folder}`);
process.exitCode = red.length + slow.length > 0 ? 1 : 0;
