#!/usr/bin/env node
import { nodeTooOld } from "../arguments/node-version.ts";
import { hasLoadedModules } from "./module.ts";
import { run } from "./program.ts";

// The reader has gone, as `| head` does when it has enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

// At once: each migration and each append is a transaction, so that what is cut short has written nothing. A command that
// brings something to its end first listens too, once: the second Ctrl-C finds no other listener.
process.on("SIGINT", () => {
  if (process.listenerCount("SIGINT") === 1) process.exit(130);
});

const tooOld = nodeTooOld();
if (tooOld !== undefined) {
  console.error(tooOld);
  process.exit(2);
}

const args = process.argv.slice(2);
process.exitCode = await run(args, process);

// A module of the user's may have left a pool or a timer open, or a handler that ignores its signal.
if (hasLoadedModules()) process.exit();
