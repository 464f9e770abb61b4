import type { ProcessCommand, ProcessInfo, ProcessInput, ProcessStatus } from "tidemark";
import type { CommandLine, InputLine, InstanceLine, InstancePage, ProcessesPage } from "../../wire/process-reports.ts";
import { eventDocuments } from "../events/event-documents.ts";
import { maskedDerived } from "../events/mask.ts";
import { valueText } from "../events/value-text.ts";
import type { ValidOptions } from "../options.ts";
import type { Call } from "./call.ts";
import { limitOf, mostRows, numberOf, oneOf, required, textOf } from "./parameters.ts";

const statuses = ["running", "parked", "completed", "cancelled"] as const satisfies readonly ProcessStatus[];

/** Instances by status, in the order in which they began. */
export async function processes({ store, query, signal, shared }: Call): Promise<ProcessesPage> {
  const limit = limitOf(query);
  const name = textOf(query, "name");
  const status = oneOf(query, "status", statuses);
  const found = await store.processes.list({
    after: numberOf(query, "after") ?? 0,
    limit: limit + 1,
    signal,
    ...(name !== undefined && { name }),
    ...(status !== undefined && { status }),
  });
  const page = found.slice(0, limit);
  // Counts every instance that runs.
  const versions = await shared.of("process-versions", 5_000, () => store.processes.versions());
  return {
    instances: page.map(instanceLine),
    next: found.length > limit ? (page.at(-1)?.number ?? null) : null,
    versions: versions.map(({ name: process, version, openCount, parkedCount, pendingCount, workers, needed }) => ({
      name: process,
      version,
      open: openCount,
      parked: parkedCount,
      pending: pendingCount,
      workers,
      needed,
    })),
  };
}

function instanceLine(info: ProcessInfo): InstanceLine {
  const { name, id, number, version, status, inputCount, handledCount, lateCount, lastError, createdAt, updatedAt, endedAt } = info;
  return {
    name,
    id,
    number,
    version,
    status,
    inputs: inputCount,
    handled: handledCount,
    late: lateCount,
    error: lastError?.message ?? null,
    createdAt: createdAt.getTime(),
    updatedAt: updatedAt.getTime(),
    endedAt: endedAt?.getTime() ?? null,
  };
}

/** One instance: its latest inputs and commands, and its timers. */
export async function processInstance({ store, query, signal, options }: Call): Promise<InstancePage> {
  const name = required(query, "name");
  const id = required(query, "id");
  const found = await store.processes.get(name, id, { limit: limitOf(query, mostRows), raw: true, signal });
  const state = maskedDerived({ kind: "process-state", name, id }, valueText(found.state), options);
  const documents = await eventDocuments(
    store,
    found.inputs.map(({ event }) => event),
    options,
    signal,
  );
  return {
    instance: instanceLine(found),
    state: state.text,
    masked: state.masked,
    inputs: found.inputs.flatMap((input, index) => inputLine(input, documents[index])),
    commands: found.commands.map((command) => commandLine(name, id, command, options)),
    timers: found.timers.map(({ key, dueAt }) => ({ key, dueAt: dueAt.getTime() })),
  };
}

function inputLine({ number, handled, decodeError }: ProcessInput, event: InputLine["event"] | undefined): readonly InputLine[] {
  return event ? [{ number, handled, event, error: decodeError?.message ?? null }] : [];
}

function commandLine(name: string, id: string, command: ProcessCommand, options: ValidOptions): CommandLine {
  const { input, path, kind, streamId, content, status, attempts, dueAt, error } = command;
  return {
    input,
    path: path.join("."),
    kind,
    streamId: streamId ?? null,
    content: maskedDerived({ kind: "command", name, id }, valueText(content), options).text,
    status,
    attempts,
    dueAt: dueAt?.getTime() ?? null,
    error: error?.message ?? null,
  };
}
