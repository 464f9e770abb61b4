import type { ProcessInfo, ProcessQuery } from "tidemark";
import type { InstanceDetails, InstanceLine, InstancesPage } from "../../wire/reports.ts";
import { eventDocuments } from "../events/event-documents.ts";
import { maskedDerived } from "../events/mask.ts";
import type { Call } from "./call.ts";
import { errorLine } from "./error-line.ts";
import { limitOf, numberOf, oneOf, required, textOf } from "./parameters.ts";

const instanceStates = ["running", "completed", "cancelled", "parked"] as const;

/** Instances of processes, in the order in which they began. */
export async function instances({ store, query }: Call): Promise<InstancesPage> {
  const status = oneOf(query, "status", instanceStates);
  const [name, after] = [textOf(query, "name"), numberOf(query, "after")];
  const wanted: ProcessQuery = {
    limit: limitOf(query),
    ...(status && { status }),
    ...(name !== undefined && { name }),
    ...(after !== undefined && { after }),
  };
  return { instances: (await store.processes.list(wanted)).map(instanceLine) };
}

/** One instance: its inputs, what it issued, and what it waits for. */
export async function instance({ store, query, options }: Call): Promise<InstanceDetails> {
  const found = await store.processes.get(required(query, "name"), required(query, "id"), { limit: limitOf(query), raw: true });
  const events = await eventDocuments(
    store,
    found.inputs.map(({ event }) => event),
    options,
  );
  const { name, id } = found;
  const shown = (kind: "process-state" | "command", value: unknown): string => maskedDerived({ kind, name, id }, JSON.stringify(value) ?? "null", options).text;
  return {
    ...instanceLine(found),
    state: shown("process-state", found.state),
    inputs: found.inputs.flatMap(({ number, handled }, index) => {
      const event = events[index];
      return event ? [{ number, handled, event }] : [];
    }),
    commands: found.commands.map(({ input, kind, streamId, content, status, attempts, dueAt, error }) => ({
      input,
      kind,
      streamId: streamId ?? null,
      content: shown("command", content),
      status,
      attempts,
      dueAt: dueAt?.getTime() ?? null,
      error: errorLine(error),
    })),
    timers: found.timers.map(({ key, dueAt }) => ({ key, dueAt: dueAt.getTime() })),
  };
}

function instanceLine({ name, id, number, version, status, inputCount, handledCount, lastError, createdAt, updatedAt, endedAt }: ProcessInfo): InstanceLine {
  const times = { createdAt: createdAt.getTime(), updatedAt: updatedAt.getTime(), endedAt: endedAt?.getTime() ?? null };
  return { name, id, number, version, status, inputCount, handledCount, lastError: errorLine(lastError), ...times };
}
