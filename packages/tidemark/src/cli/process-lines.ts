import { escapeUnsafe, hideCredentials } from "../arguments/describe-value.ts";
import type { ProcessDetails, ProcessError, ProcessInfo } from "../processes/process-info.ts";
import { toEnvelope } from "../transfer/envelope.ts";
import type { Row } from "./columns.ts";

/** Each instance as a line for people, below the names of the columns. Nothing where there is none. */
export async function* processRows(instances: readonly ProcessInfo[]): AsyncGenerator<Row, void, undefined> {
  if (instances.length > 0) yield ["number", "process", "instance", "status", "inputs", "late", "changed", "error"];
  for (const { number, name, id, status, handledCount, inputCount, lateCount, updatedAt, lastError } of instances) {
    const inputs = handledCount === inputCount ? `${inputCount}` : `${handledCount} of ${inputCount}`;
    yield [number, ...[name, id, status, inputs].map(safe), lateCount, updatedAt.toISOString(), safe(errorText(lastError))];
  }
}

export async function* processLines(instances: readonly ProcessInfo[]): AsyncGenerator<string, void, undefined> {
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
