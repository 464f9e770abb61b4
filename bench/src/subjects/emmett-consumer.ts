import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/**
 * A processor of Emmett's with its default options, from the beginning of the log, under a name of its own. In a process of its
 * own, which is killed at the end: closed in the middle of a catch-up it throws, or keeps its connections.
 */
export async function startEmmettProcessor(url: string, eachMessage: () => void): Promise<{ stop(): Promise<void> }> {
  const child = fork(fileURLToPath(new URL("emmett-consumer-process.ts", import.meta.url)), [url], {
    execArgv: process.execArgv,
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  child.on("message", eachMessage);
  await once(child, "spawn");
  return {
    async stop() {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}
