import type { StreamAppend } from "../append/types.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { VersionConflictError } from "../errors/appending.ts";
import type { Event, RecordedEvent } from "../model/event.ts";
import type { EventReaderWriter } from "../transaction/event-reader-writer.ts";
import { CommandRun, type DecidedCommand, type ReadCommand } from "./command-run.ts";
import { checkedFold } from "../read/evolve.ts";
import { streamsTarget } from "./command-id.ts";
import { startAgain } from "./conflict.ts";
import { checkMultiStreamDecider, type MultiStreamDecider } from "./decider.ts";
import { refuseOtherStore } from "./decider-events.ts";
import { type EarlierEvents, earlierEvents } from "./earlier-events.ts";
import { checkDecision } from "./decision.ts";
import type { CommandOptions } from "./options.ts";
import { readAfter } from "./recorded.ts";
import type { StreamsOutcome, StreamsResult } from "./result.ts";
import { snapshotsOf } from "./snapshots/access.ts";
import { considerStreams, snapshotStreams } from "./snapshots/snapshot-streams.ts";
import { StreamDiscovery } from "./stream-discovery.ts";
import { movedStreams, readStreams, type StreamsRead } from "./streams-read.ts";

/** `executeCommand` where a command names streams: every one that was read is checked at the append. */
export async function executeOverStreams<State, Command, E extends Event>(
  store: EventReaderWriter,
  decider: MultiStreamDecider<State, Command, E, Event>,
  command: Command,
  options: CommandOptions<State, Command, E> | undefined,
): Promise<StreamsResult<State, E>> {
  checkMultiStreamDecider(decider);
  refuseOtherStore(snapshotsOf(store), decider);
  const fold = checkedFold(decider, "decider");
  const run = new CommandRun<State, Command, E>(store, options, () => ({ kind: "streams", decider: decider.name, target: targetOf() }));
  const { ids, signal, middleware } = run;
  const snapshots = snapshotStreams(() => snapshotsOf(store), decider);

  /** Those named at first: which ones are named later can change with every event. */
  function targetOf(): string {
    return streamsTarget(new StreamDiscovery(decider, command).next(fold.initialState()));
  }

  async function decide({ state, versions }: StreamsRead<State>, attempt: number): Promise<readonly StreamAppend[]> {
    try {
      if (!(await middleware.before({ command, state, streamId: undefined, attempt }))) return [];
      return checkDecision(await decider.decide(command, state));
    } catch (error) {
      await startAgainIfMoved(versions);
      throw error;
    }
  }

  async function read(attempt: number): Promise<ReadCommand<E, StreamsOutcome<State, E>>> {
    const found = await readStreams(store, decider, command, { signal, snapshots });
    return {
      // After the reads: if the same command is handled elsewhere meanwhile, this look meets it, or the append does.
      async earlier(given) {
        const earlier = await earlierEvents<E>(store, given);
        return earlier && leftBy(earlier, await readStreams(store, decider, command, { signal, earlier }));
      },
      async decide() {
        const decided = await decide(found, attempt);
        let count = 0;
        const appends = decided.map((part, index): StreamAppend => {
          const events = run.prepare(part.events, { before: count, path: `decide[${index}].events` });
          count += events.length;
          return { ...part, events, ...expectationOf(part, found.versions) };
        });
        return appends.length === 0 ? undefined : appendOf(appends, count, found);
      },
      async nothing() {
        await startAgainIfMoved(found.versions);
        considerStreams(snapshots, decider, found, { state: found.state, events: [] });
        return outcome(found, []);
      },
    };
  }

  function appendOf(appends: readonly StreamAppend[], count: number, found: StreamsRead<State>): DecidedCommand<E, StreamsOutcome<State, E>> {
    const onlyRead = [...found.versions].filter(([streamId]) => !appends.some((part) => part.streamId === streamId));
    const checks = onlyRead.map(([streamId, expectedVersion]): StreamAppend => ({ streamId, events: [], expectedVersion }));
    return {
      count,
      async append(telling) {
        const results = await store.appendToStreams([...appends, ...checks], telling);
        return appends.map(({ streamId, events }, index) => ({ streamId, events, version: results[index]?.version ?? 0 }));
      },
      async result(written) {
        const { events } = written;
        const last = events.at(-1);
        if (!written.now && last)
          return outcome(await readAfter(written, () => readStreams(store, decider, command, { signal: undefined, earlier: { events, last } })), events);
        const state = events.reduce(fold.evolve, found.state);
        considerStreams(snapshots, decider, found, { state, events });
        return outcome({ state }, events);
      },
    };
  }

  async function startAgainIfMoved(versions: ReadonlyMap<string, number>): Promise<void> {
    const [first, ...others] = await movedStreams(store, versions);
    if (!first) return;
    const handled = ids !== undefined && (await earlierEvents<E>(store, ids)) !== undefined;
    startAgain(new VersionConflictError([first, ...others]), { handled });
  }

  return await run.run({ read });
}

function leftBy<State, E extends Event>({ events, last }: EarlierEvents<E>, { state }: { readonly state: State }): StreamsOutcome<State, E> {
  return { state, position: last.position, events };
}

function outcome<State, E extends Event>({ state }: { readonly state: State }, events: readonly RecordedEvent<E>[]): StreamsOutcome<State, E> {
  return { state, position: events.at(-1)?.position, events };
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
