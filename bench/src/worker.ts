import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Sample } from "./sample.ts";

/** To append single events to new streams, or to follow the log from its start to its end, again and again. */
export type Work = "append" | "follow";

/** What a worker is told. It answers with a `Sample`; its first message says that it is ready. */
export interface Order {
  readonly work: Work;
  readonly callers: number;
  readonly seconds: number;
}

/** A process of its own with one subject. */
export interface Worker {
  /** @param work - @defaultValue "append" */
  measure(callers: number, seconds: number, work?: Work): Promise<Sample>;
  stop(): Promise<void>;
}

/** @param preload - A module that its process loads before anything else. */
export async function startWorker(subject: string, url: string, preload?: string): Promise<Worker> {
  const child = fork(fileURLToPath(new URL("worker-process.ts", import.meta.url)), [subject, url], {
    execArgv: [...process.execArgv, ...(preload === undefined ? [] : ["--import", preload])],
  });
  await answer(child);
  return {
    async measure(callers, seconds, work = "append") {
      const order: Order = { work, callers, seconds };
      child.send(order);
      const sample: Sample = JSON.parse(await answer(child));
      return sample;
    },
    async stop() {
      const ended = once(child, "exit");
      child.disconnect();
      await ended;
    },
  };
}

function answer(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const failed = (code: number | null): void => reject(new Error(`A benchmark process ended with code ${code} before it answered.`));
    child.once("exit", failed);
    child.once("message", (message) => {
      child.off("exit", failed);
      resolve(typeof message === "string" ? message : "");
    });
  });
}
