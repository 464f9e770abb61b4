import type { StreamAppend } from "../append/types.ts";
import { InvalidArgumentError, VersionConflictError } from "../errors.ts";
import type { Event } from "../event.ts";
import type { EventReaderWriter } from "../event-reader-writer.ts";
import { CommandIds } from "./command-id.ts";
import { attemptUpTo, isConflict, orStartAgain, startAgain } from "./conflict.ts";
import { checkMultiStreamDecider, type MultiStreamDecider } from "./decider.ts";
import { earlierEvents } from "./earlier-events.ts";
import { checkDecision } from "./handle-command.ts";
import { stampEvent } from "./metadata.ts";
import { passesBefore, tellAfter } from "./middleware.ts";
import { checkCommandOptions, type CommandOptions } from "./options.ts";
import { Recorded } from "./recorded.ts";
import type { StreamsResult } from "./result.ts";
import { snapshotsOf } from "./snapshots/access.ts";
import { considerStreams, keptStreams } from "./snapshots/kept-streams.ts";
import { movedStreams, readStreams } from "./streams-read.ts";

/** `executeCommand` where a command names streams: every one that was read is checked at the append. */
export async function executeOverStreams<State, Command, E extends Event>(
  store: EventReaderWriter,
  decider: MultiStreamDecider<State, Command, E>,
  command: Command,
  options: CommandOptions<State, Command, E> | undefined,
): Promise<StreamsResult<State, E>> {
  checkMultiStreamDecider(decider);
  const { attempts, metadata, commandId, middleware, signal } = checkCommandOptions(options);
  const ids = commandId === undefined ? undefined : new CommandIds(commandId, null);
  const kept = keptStreams(() => snapshotsOf(store), decider);

  async function decide(state: State, versions: ReadonlyMap<string, number>, attempt: number): Promise<readonly StreamAppend<E>[]> {
    try {
      if (!(await passesBefore(middleware, { command, state, streamId: undefined, attempt }))) return [];
      return checkDecision(await decider.decide(command, state));
    } catch (error) {
      await startAgainIfMoved(store, versions);
      throw error;
    }
  }

  async function attempt(number: number): Promise<StreamsResult<State, E>> {
    const read = await readStreams(store, decider, command, { signal, kept });
    const { state, versions } = read;
    // After the reads: whoever handles the same command meanwhile is met by this, or by the append.
    const earlier = ids ? await earlierEvents<E>(store, ids) : [];
    if (earlier.length > 0) {
      const { state: left } = await readStreams(store, decider, command, { signal, earlier });
      return { state: left, position: earlier.at(-1)?.position, events: earlier, attempts: number };
    }

    const decided = await decide(state, versions, number);
    let count = 0;
    const appends = decided.map((part): StreamAppend<E> => {
      const events = checkDecision(part.events).map((event) => {
        const stamped = metadata ? stampEvent(event, [metadata]) : event;
        return ids ? ids.mark(stamped, count++) : stamped;
      });
      return { ...part, events, ...expectationOf(part, versions) };
    });
    if (appends.length === 0) {
      await startAgainIfMoved(store, versions);
      considerStreams(kept, decider, read, { state, events: [] });
      return { state, position: undefined, events: [], attempts: number };
    }

    const onlyRead = [...versions].filter(([streamId]) => !appends.some((part) => part.streamId === streamId));
    const checks = onlyRead.map(([streamId, expectedVersion]): StreamAppend<E> => ({ streamId, events: [], expectedVersion }));
    const recorded = new Recorded<E>();
    const append = store.appendToStreams<E>([...appends, ...checks], recorded.in(signal ? { signal } : {}));
    const results = await orStartAgain(append, (error) => isConflict(error) || ids?.handledMeanwhile(error, count) === true);
    const appended = appends.map(({ streamId, events }, index) => ({ streamId, events, version: results[index]?.version ?? 0 }));
    const events = await recorded.events(store, appended, ids !== undefined);
    const after = events.reduce(decider.evolve, state);
    considerStreams(kept, decider, read, { state: after, events });
    return { state: after, position: events.at(-1)?.position, events, attempts: number };
  }

  return tellAfter(middleware, await attemptUpTo({ store, attempts, signal }, attempt));
}

async function startAgainIfMoved(store: EventReaderWriter, versions: ReadonlyMap<string, number>): Promise<void> {
  const [first, ...others] = await movedStreams(store, versions);
  if (first) startAgain(new VersionConflictError([first, ...others]));
}

/** Streams that were read are expected where they were read. */
export function expectationOf({ streamId, expectedVersion }: StreamAppend, versions: ReadonlyMap<string, number>): Pick<StreamAppend, "expectedVersion"> {
  const read = versions.get(streamId);
  if (read === undefined) return {};
  if (expectedVersion === undefined) return { expectedVersion: read };
  throw new InvalidArgumentError(
    "decide",
    `gives an expectedVersion for ${JSON.stringify(streamId)}, which was read: it is expected where it was read, at ${read}. Leave it out.`,
  );
}
