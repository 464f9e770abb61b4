// Has the shop die at each message of PostgreSQL's protocol that an order takes, with all the trouble that the payment service makes.
// Run: node --conditions=source examples/checkout/crash-points/main.ts [--share I/N] [--at-once <number>] [--report FILE]
import { parseArgs } from "node:util";
import { startServer } from "@tidemark/servers";
import { shareOf } from "../../../torture/src/options.ts";
import { createProgress } from "../../../torture/src/progress.ts";
import { keepReport } from "../../../torture/src/report/keep.ts";
import { runCrashPoints } from "./run.ts";

const { values } = parseArgs({
  options: { share: { type: "string" }, "at-once": { type: "string", default: "24" }, report: { type: "string" } },
});
const startedAt = performance.now();
const share = shareOf(values.share);
const server = await startServer({ settings: { fsync: "off", max_connections: 600 } });
const { messages, cases, all, lived, meanMs, longestMs, wrong } = await runCrashPoints({
  url: await server.createDatabase("checkout"),
  schema: "checkout",
  atOnce: Number(values["at-once"]),
  progress: createProgress(),
  ...(share && { share }),
});
const lines = [
  ...messages.map(([story, count]) => `${`${count}`.padStart(5)} messages  ${story}`),
  `${cases} crash points${cases === all ? "" : ` of ${all}`} in ${Math.round((performance.now() - startedAt) / 1_000)} s; at ${lived} the message did not come again.`,
  `${values["at-once"]} at a time; one took ${(meanMs / 1_000).toFixed(1)} s on average, ${(longestMs / 1_000).toFixed(1)} s at most.`,
  ...wrong.map((text) => `WRONG: ${text}`),
  wrong.length === 0 ? "No order ended wrong." : `${wrong.length} orders ended wrong.`,
];
for (const line of lines) console.log(line);
await keepReport(values.report, {
  title: "An order whose shop dies at each of its messages",
  lines,
  program: "node --conditions=source examples/checkout/crash-points/main.ts",
});
console.log(`${cases - wrong.length} passed, ${wrong.length} failed`);
await server[Symbol.asyncDispose]();
process.exit(wrong.length === 0 ? 0 : 1);
