#!/usr/bin/env node
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

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
// npm only warns of `engines`. Older ones fail in the middle of something, or hang.
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(`tidemark needs Node.js 22.18 or later; this is ${process.versions.node} (${process.execPath}).`);
  process.exit(2);
}

const args = process.argv.slice(2);
process.exitCode = await run(args, process);

// These run a module of the user's, which may have left a pool or a timer open, or a handler that ignores its signal.
if (args[0] === "worker" || args[0] === "append") process.exit();
