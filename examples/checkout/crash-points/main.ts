// Has the shop die at each message of PostgreSQL's protocol that an order takes, with all the trouble that the payment service makes.
// Run: node --conditions=source examples/checkout/crash-points/main.ts [--every <number>] [--from <number>]
import { parseArgs } from "node:util";
import { startServer } from "@tidemark/servers";
import { runCrashPoints } from "./run.ts";

const { values } = parseArgs({ options: { every: { type: "string", default: "1" }, from: { type: "string", default: "0" } } });
const startedAt = performance.now();
const server = await startServer({ settings: { fsync: "off", max_connections: 300 } });
const { messages, cases, lived, wrong } = await runCrashPoints({
  url: await server.createDatabase("checkout"),
  schema: "checkout",
  every: Number(values.every),
  from: Number(values.from),
  progress: (text) => process.stderr.isTTY && process.stderr.write(`\r${text}`),
});
for (const [story, count] of messages) console.log(`${`${count}`.padStart(5)} messages  ${story}`);
for (const text of wrong) console.log(`WRONG: ${text}`);
console.log(`${cases} crash points in ${Math.round((performance.now() - startedAt) / 1_000)} s; at ${lived} the message did not come again.`);
console.log(`${cases - wrong.length} passed, ${wrong.length} failed`);
await server[Symbol.asyncDispose]();
process.exit(wrong.length === 0 ? 0 : 1);
