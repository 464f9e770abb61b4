import type { StreamAppend } from "../append/types.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { VersionConflictError } from "../errors/appending.ts";
import type { Event } from "../model/event.ts";
import type { EventReaderWriter } from "../transaction/event-reader-writer.ts";
import { checkedFold } from "../read/evolve.ts";
import { CommandIds, streamsTarget } from "./command-id.ts";
import { attemptUpTo, orStartAgain, startAgain } from "./conflict.ts";
import { checkMultiStreamDecider, type MultiStreamDecider } from "./decider.ts";
import { earlierEvents } from "./earlier-events.ts";
import { checkDecision } from "./decision.ts";
import { stampEvent } from "./metadata.ts";
import { MiddlewareChain } from "./middleware.ts";
import { checkCommandOptions, type CommandOptions } from "./options.ts";
import { readAfter, Recorded } from "./recorded.ts";
import type { StreamsResult } from "./result.ts";
import { snapshotsOf } from "./snapshots/access.ts";
import { considerStreams, snapshotStreams } from "./snapshots/snapshot-streams.ts";
import { StreamDiscovery } from "./stream-discovery.ts";
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
  const fold = checkedFold(decider, "decider");
  const ids = commandId === undefined ? undefined : new CommandIds(commandId, { kind: "streams", decider: decider.name, target: targetOf() });
  const around = new MiddlewareChain(middleware);
  const kept = snapshotStreams(() => snapshotsOf(store), decider);

  /** Those named at first: which ones are named later can change with every event. */
  function targetOf(): string {
    return streamsTarget(new StreamDiscovery(decider, command).next(fold.initialState()));
  }

  async function decide(state: State, versions: ReadonlyMap<string, number>, attempt: number): Promise<readonly StreamAppend<E>[]> {
    try {
      if (!(await around.before({ command, state, streamId: undefined, attempt }))) return [];
      return checkDecision(await decider.decide(command, state));
    } catch (error) {
      await startAgainIfMoved(versions);
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
    const appends = decided.map((part, index): StreamAppend<E> => {
      const events = checkDecision(part.events, `decide[${index}].events`).map((event) => {
        const stamped = metadata ? stampEvent(event, [metadata]) : event;
        return ids ? ids.mark(stamped, count++) : stamped;
      });
      return { ...part, events, ...expectationOf(part, versions) };
    });
    if (appends.length === 0) {
      await startAgainIfMoved(versions);
      considerStreams(kept, decider, read, { state, events: [] });
      return { state, position: undefined, events: [], attempts: number };
    }

    const onlyRead = [...versions].filter(([streamId]) => !appends.some((part) => part.streamId === streamId));
    const checks = onlyRead.map(([streamId, expectedVersion]): StreamAppend<E> => ({ streamId, events: [], expectedVersion }));
    const recorded = new Recorded<E>();
    const append = store.appendToStreams<E>([...appends, ...checks], recorded.in(signal ? { signal } : {}));
    const results = await orStartAgain(append, { isHandled: (error) => ids?.handledMeanwhile(error, count) === true });
    const appended = appends.map(({ streamId, events }, index) => ({ streamId, events, version: results[index]?.version ?? 0 }));
    const written = { appended, again: ids !== undefined };
    const events = await recorded.events(store, written);
    if (!recorded.told && events.length > 0) {
      const { state: left } = await readAfter(written, () => readStreams(store, decider, command, { signal: undefined, earlier: events }));
      return { state: left, position: events.at(-1)?.position, events, attempts: number };
    }
    const after = events.reduce(fold.evolve, state);
    considerStreams(kept, decider, read, { state: after, events });
    return { state: after, position: events.at(-1)?.position, events, attempts: number };
  }

  async function startAgainIfMoved(versions: ReadonlyMap<string, number>): Promise<void> {
    const [first, ...others] = await movedStreams(store, versions);
    if (!first) return;
    const handled = ids !== undefined && (await earlierEvents<E>(store, ids)).length > 0;
    startAgain(new VersionConflictError([first, ...others]), { handled });
  }

  return around.after(await attemptUpTo({ store, attempts, signal }, attempt));
}

/** Streams that were read are expected where they were read. */
export function expectationOf({ streamId, expectedVersion }: StreamAppend, versions: ReadonlyMap<string, number>): Pick<StreamAppend, "expectedVersion"> {
  const read = versions.get(streamId);
  if (read === undefined) return {};
  if (expectedVersion === undefined) return { expectedVersion: read };
  throw new InvalidArgumentError(
    "decide",
    `gives an expectedVersion for ${JSON.stringify(streamId)}, which the command reads. A stream that was read is expected at the version read, ${read}. Leave expectedVersion out.`,
  );
}
