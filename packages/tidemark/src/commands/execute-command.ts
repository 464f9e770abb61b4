import { isRecord } from "../arguments/options.ts";
import type { Event } from "../model/event.ts";
import type { EventReaderWriter } from "../transaction/event-reader-writer.ts";
import { executeByQuery } from "./by-query.ts";
import type { BoundaryDecider, MultiStreamDecider } from "./decider.ts";
import type { CommandOptions } from "./options.ts";
import { executeOverStreams } from "./over-streams.ts";
import type { StreamsResult } from "./result.ts";

/**
 * Handles a command that one stream is not enough for. When another writer came between, all of it again, on the new state.
 *
 * A decider with `reads` reads several streams, and appends to any of them, all or nothing. Every stream that was read is
 * checked at the append, those that are only read, too. Events come back in the order of their positions. A decision that writes
 * nothing, or throws, has nothing to check it at. So the versions of the streams are asked for once more, and where one has
 * moved the attempt is made again: what `decide` throws reaches the caller only when it was thrown on a state that all streams
 * had at one moment.
 *
 * A decider with `query` reads every event that matches, also above the high-water mark, and appends to one stream, on the
 * condition that no other match came between. Its state is what stood at one moment.
 *
 * All events read are in memory at once. Inside a transaction as `handleCommand`; a query needs READ COMMITTED there.
 *
 * @throws what `decide` and the middleware throw, as it is.
 * @throws {@link VersionConflictError}, {@link ConditionFailedError} — the last of the attempts lost as well. Nothing was written.
 * @throws {@link InvalidArgumentError} — `reads` comes to no end; `decide` gives `expectedVersion` for a stream that was read;
 *   the query is not by types and tags alone.
 * @throws whatever else `appendToStreams`, `append`, `readStream` and `readBoundary` throw, and `OutcomeUnknownError` as
 *   `handleCommand`.
 */
export async function executeCommand<State, Command, E extends Event>(
  store: EventReaderWriter,
  decider: MultiStreamDecider<State, Command, E> | BoundaryDecider<State, Command, E>,
  command: NoInfer<Command>,
  options?: CommandOptions<NoInfer<State>, NoInfer<Command>, NoInfer<E>>,
): Promise<StreamsResult<State, E>> {
  return asksByQuery(decider) ? await executeByQuery(store, decider, command, options) : await executeOverStreams(store, decider, command, options);
}

function asksByQuery<State, Command, E extends Event>(
  decider: MultiStreamDecider<State, Command, E> | BoundaryDecider<State, Command, E>,
): decider is BoundaryDecider<State, Command, E> {
  return isRecord(decider) && decider["query"] !== undefined;
}
