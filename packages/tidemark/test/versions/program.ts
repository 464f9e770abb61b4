import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { eventually, expect } from "../support/test.ts";
import type { Orders, Report } from "./messages.ts";

/** A running program; killed in the end. */
export interface Program extends AsyncDisposable {
  /** Appends a round, and returns how many events this program has appended. */
  work(): Promise<number>;
  stop(): Promise<void>;
}

export async function startProgram(orders: Orders): Promise<Program> {
  const child = fork(new URL("./version-process.ts", import.meta.url), { env: { ...process.env, NODE_OPTIONS: "" } });
  const reports: Report[] = [];
  child.on("message", (report: Report) => void reports.push(report));
  child.send(orders);
  await said(reports, "ready");
  return {
    async work() {
      child.send("work");
      return said(reports, "worked");
    },
    async stop() {
      child.send("stop");
      await said(reports, "stopped");
      await ended(child);
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended(child);
    },
  };
}

/** Takes the next report, which has to be of this kind. */
async function said(reports: Report[], kind: Report["kind"]): Promise<number> {
  const next = await eventually(() => reports[0] ?? Promise.reject(new Error(`The program has not said "${kind}".`)), { timeoutMs: 60_000 });
  reports.shift();
  if (next.kind === "failed") throw new Error(next.error);
  expect(next.kind).toBe(kind);
  return next.kind === "worked" ? next.appended : 0;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}
