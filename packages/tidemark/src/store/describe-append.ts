import type { AppendResult } from "../append/types.ts";
import { isRecord } from "../arguments/options.ts";
import type { Appended, Appending, Scheduling } from "../tracing/messages.ts";
import type { Outcome } from "../tracing/operation.ts";

/** What tracing tells of an append. Its arguments are not checked yet: what is none has no part in it. */
export function describeAppend(operation: Appending["operation"], appends: unknown, inTransaction: boolean): Appending {
  const parts: readonly unknown[] = Array.isArray(appends) ? appends : [];
  const streamIds: string[] = [];
  let events = 0;
  for (const part of parts) {
    if (!isRecord(part)) continue;
    if (typeof part["streamId"] === "string") streamIds.push(part["streamId"]);
    if (Array.isArray(part["events"])) events += part["events"].length;
  }
  return { operation, streamIds, events, inTransaction };
}

/** What came of it. */
export function appendedTo(results: readonly AppendResult[]): Outcome<Appended> {
  return { result: { streams: results.map(({ streamId, version, position }) => ({ streamId, version, position })) } };
}

export function describeSchedule(streamId: unknown, options: unknown): Scheduling {
  const key = isRecord(options) ? options["key"] : undefined;
  return { streamId: typeof streamId === "string" ? streamId : "", ...(typeof key === "string" && { key }) };
}
