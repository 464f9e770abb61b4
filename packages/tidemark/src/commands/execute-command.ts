import { isRecord } from "../arguments/options.ts";
import type { Event } from "../model/event.ts";
import type { EventReaderWriter } from "../transaction/event-reader-writer.ts";
import { executeOverQuery } from "./over-query.ts";
import type { BoundaryDecider, MultiStreamDecider } from "./decider.ts";
import type { CommandOptions } from "./options.ts";
import { executeOverStreams } from "./over-streams.ts";
import type { StreamsResult } from "./result.ts";
import { commanding } from "../tracing/operations.ts";
import { tracedPlaceOf } from "../tracing/traced-store.ts";
import { commanded } from "./commanded.ts";

/**
 * Handles a command that needs more than one stream. If another writer came in between, it starts again on the new state.
 *
 * A decider with `reads` reads several streams and appends to any of them, all or nothing. The append checks every stream that was
 * read, including those it does not write to. Events come back in the order of their positions. If a decision writes nothing or
 * throws, the versions of the streams are read once more, and if one has changed, the attempt is repeated. So an error of `decide`
 * reaches the caller only if all streams had that state at one moment.
 *
 * A decider with `query` reads every event that matches, also above the high-water mark, and appends to one stream on the condition
 * that no other match came in between. Its state is that of one moment.
 *
 * All events read are in memory at once. Inside a transaction it works as `handleCommand`; a query needs READ COMMITTED there.
 *
 * @throws errors of `decide` and of middleware, unchanged.
 * @throws {@link VersionConflictError}, {@link ConditionFailedError} — the last attempt lost as well. Nothing was written.
 * @throws {@link InvalidArgumentError} — `reads` names new streams without end; `decide` gives `expectedVersion` for a stream that was
 *   read; the query is not by types and tags alone.
 * @throws whatever else `appendToStreams`, `append`, `readStream` and `readBoundary` throw, and `OutcomeUnknownError` as
 *   `handleCommand`.
 *
 * @example
 * ```ts
 * const { events, attempts } = await executeCommand(store, merge, { from: "cart-from", to: "cart-to" }, { retry: { attempts: 3 } });
 * ```
 */
export async function executeCommand<State, Command, E extends Event>(
  store: EventReaderWriter,
  decider: MultiStreamDecider<State, Command, E, Event> | BoundaryDecider<State, Command, E, Event>,
  command: NoInfer<Command>,
  options?: CommandOptions<NoInfer<State>, NoInfer<Command>, NoInfer<E>>,
): Promise<StreamsResult<State, E>> {
  const name = isRecord(decider) && typeof decider["name"] === "string" ? { decider: decider["name"] } : {};
  return await commanding.trace(
    tracedPlaceOf(store),
    () => ({ operation: "executeCommand", ...name }),
    () => (asksByQuery(decider) ? executeOverQuery(store, decider, command, options) : executeOverStreams(store, decider, command, options)),
    commanded,
  );
}

function asksByQuery<State, Command, E extends Event>(
  decider: MultiStreamDecider<State, Command, E, Event> | BoundaryDecider<State, Command, E, Event>,
): decider is BoundaryDecider<State, Command, E, Event> {
  return isRecord(decider) && decider["query"] !== undefined;
}
