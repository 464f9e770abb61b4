import type { Commanded } from "../tracing/messages.ts";
import type { Outcome } from "../tracing/operation.ts";
import type { StreamsResult } from "./result.ts";

/** What tracing tells of a command that succeeded. */
export function commanded({
  attempts,
  events,
  position,
}: Pick<StreamsResult<unknown, never>, "attempts" | "position"> & { readonly events: readonly unknown[] }): Outcome<Commanded> {
  return { result: { attempts, events: events.length, ...(position !== undefined && { position }) } };
}
