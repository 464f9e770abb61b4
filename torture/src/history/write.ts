import { openSync, writeSync } from "node:fs";
import type { Entry } from "./entry.ts";

type WithoutTime<T> = T extends unknown ? Omit<T, "at"> : never;

/** The history of one process. */
export interface HistoryWriter {
  write(entry: WithoutTime<Entry>): void;
}

/** Microseconds of the monotonic clock, which is the same in every process of a machine. */
export function now(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

/** Every line is with the operating system before the call that it announces begins, so that it survives `kill -9`. */
export function openHistory(file: string): HistoryWriter {
  const descriptor = openSync(file, "a");
  return {
    write: (entry) => void writeSync(descriptor, `${JSON.stringify({ ...entry, at: now() })}\n`),
  };
}
