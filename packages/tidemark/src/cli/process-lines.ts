import { escapeUnsafe, hideCredentials } from "../arguments/describe-value.ts";
import type { ProcessDetails, ProcessError, ProcessInfo, ProcessVersionInfo } from "../processes/process-info.ts";
import { toEnvelope } from "../transfer/envelope.ts";
import type { Row } from "./columns.ts";

/** Each instance as a line for people, below the names of the columns. Nothing where there is none. */
export async function* processRows(instances: readonly ProcessInfo[]): AsyncGenerator<Row, void, undefined> {
  if (instances.length > 0) yield ["number", "process", "version", "instance", "status", "inputs", "late", "changed", "error"];
  for (const { number, name, version, id, status, handledCount, inputCount, lateCount, updatedAt, lastError } of instances) {
    const inputs = handledCount === inputCount ? `${inputCount}` : `${handledCount} of ${inputCount}`;
    yield [number, safe(name), version, ...[id, status, inputs].map(safe), lateCount, updatedAt.toISOString(), safe(errorText(lastError))];
  }
}

/** Each version of a process as a line for people. */
export async function* versionRows(versions: readonly ProcessVersionInfo[]): AsyncGenerator<Row, void, undefined> {
  if (versions.length > 0) yield ["process", "version", "starts", "at", "open", "parked", "pending", "workers", "needed"];
  for (const { name, version, startsAfter, startsUntil, position, openCount, parkedCount, pendingCount, workers, needed } of versions) {
    const starts = startsUntil === undefined ? `after ${startsAfter}` : `after ${startsAfter}, up to ${startsUntil}`;
    yield [safe(name), version, starts, position, openCount, parkedCount, pendingCount, workers, needed ? "yes" : "no"];
  }
}

export async function* processLines(instances: readonly (ProcessInfo | ProcessVersionInfo)[]): AsyncGenerator<string, void, undefined> {
  for (const instance of instances) yield escapeUnsafe(JSON.stringify(instance));
}

/** What is known of one instance, but for its state. */
export function processTable(instance: ProcessDetails): Row[] {
  const { name, id, status, version, handledCount, inputCount, lateCount, createdAt, updatedAt, lastError, inputs, commands, timers } = instance;
  return [
    ["process", safe(`${name}, version ${version}`)],
    ["instance", safe(id)],
    ["status", status],
    ["inputs", `${inputCount}, of which ${handledCount} are handled; ${lateCount} came late`],
    ["began", createdAt.toISOString()],
    ["changed", updatedAt.toISOString()],
    ["error", safe(errorText(lastError) || "none")],
    ...inputs.map(({ number, handled, event }): Row => [
      `input ${number}`,
      safe(`${event.type} of ${event.streamId}, position ${event.position}${handled ? "" : ", waits"}`),
    ]),
    ...commands.map(({ input, path, kind, streamId, status: state, attempts, error }): Row => [
      `${kind} ${input}/${path.join("/")}`,
      safe(`${state}, ${streamId ?? "several streams"}, ${attempts} ${attempts === 1 ? "attempt" : "attempts"}${error ? `: ${errorText(error)}` : ""}`),
    ]),
    ...timers.map(({ key, dueAt }): Row => ["timer", safe(`${key}, due ${dueAt.toISOString()}`)]),
    ["state", ""],
  ];
}

/** An instance as JSON shows it: its events with the keys of every command that prints events. */
export function processDocument(instance: ProcessDetails): Omit<ProcessDetails, "inputs"> & { readonly inputs: readonly object[] } {
  return { ...instance, inputs: instance.inputs.map((input) => ({ ...input, event: toEnvelope(input.event) })) };
}

function errorText(error: ProcessError | undefined): string {
  if (!error) return "";
  return error.code === undefined ? error.message : `[${error.code}] ${error.message}`;
}

function safe(text: string): string {
  return escapeUnsafe(hideCredentials(text));
}
