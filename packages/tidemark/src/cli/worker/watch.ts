import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type FSWatcher, watch } from "node:fs";
import { Signal } from "../../async/signal.ts";
import { untilSignal } from "../../async/until-signal.ts";
import type { WorkerReport } from "../worker-report.ts";

const source = /\.(?:[cm]?[jt]s|json)$/;
const notOurs = /(?:^|[/\\])(?:node_modules|\.[^/\\]+)[/\\]/;
/** An editor, or a compiler, writes several files for one change. */
const settleMs = 100;

/**
 * Runs a command in a process of its own, and again whenever a source file in the folder or below has changed: modules that were loaded once cannot
 * be loaded anew. A process that ends by itself is started at the next change. Resolves after SIGTERM or Ctrl-C, which the process is given, too.
 *
 * @param args - Those of Node.js.
 */
export async function runWatched(args: readonly string[], folder: string, report: WorkerReport): Promise<void> {
  const changed = new Signal();
  const watcher = watchSources(folder, () => changed.raise());
  const ending = new AbortController();
  let child: ChildProcess | undefined;
  const { first, unlisten } = untilSignal(() => child?.kill("SIGTERM"));
  ending.signal.addEventListener("abort", () => changed.raise());
  void first.then(() => ending.abort());
  try {
    while (!ending.signal.aborted) {
      // In a group of its own: Ctrl-C would reach it twice, and the second one does not wait.
      child = spawn(process.execPath, [...args], { stdio: "inherit", detached: true });
      const exited = once(child, "exit");
      child.once("exit", (code) => {
        if (!ending.signal.aborted && code !== 0 && code !== null)
          report.tell("watching", `The worker ended with ${code}. It starts again when a file changes.`, { code });
      });
      await changed.wait();
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
      await exited;
      if (!ending.signal.aborted) report.tell("restarting", "A file has changed: the worker starts again.");
    }
  } finally {
    unlisten();
    watcher.close();
  }
}

function watchSources(folder: string, onChange: () => void): FSWatcher {
  let settling: NodeJS.Timeout | undefined;
  return watch(folder, { recursive: true }, (_kind, name) => {
    if (name === null || !source.test(name) || notOurs.test(name)) return;
    clearTimeout(settling);
    settling = setTimeout(onChange, settleMs);
  });
}
