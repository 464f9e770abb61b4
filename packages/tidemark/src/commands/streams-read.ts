import type { VersionConflict } from "../errors/appending.ts";
import { decodedParts } from "../catalogue/event-codec.ts";
import { asRecorded, type Event, type RecordedEvent } from "../model/event.ts";
import type { EventReaderWriter } from "../transaction/event-reader-writer.ts";
import { checkedFold } from "../read/evolve.ts";
import type { EarlierEvents } from "./earlier-events.ts";
import type { MultiStreamDecider } from "./decider.ts";
import { StreamDiscovery } from "./stream-discovery.ts";
import { codecOf } from "./snapshots/access.ts";
import { type FoldedStreams, foldStreams, type SnapshotStreams } from "./snapshots/fold-streams.ts";

/** What a command over several streams has read. */
export interface StreamsRead<State> {
  readonly state: State;
  /** The version of each stream that was read; 0 where it has no events. */
  readonly versions: ReadonlyMap<string, number>;
  /** Of how many events the snapshot was made that was read; 0 where there was none. */
  readonly snapshotVersion: number;
}

export interface ReadStreamsOptions<State, E extends Event> {
  readonly signal: AbortSignal | undefined;
  /** Where snapshots are to be read. */
  readonly snapshots?: SnapshotStreams<State> | undefined;
  /** For the snapshots' own readings. */
  readonly uncounted?: boolean;
  /** What the command wrote when it was handled before: the state is then the one that it left. */
  readonly earlier?: EarlierEvents<E> | undefined;
}

/**
 * Reads the streams that the decider names, and asks it again with the state of their events until it names no new one. All
 * events are folded from the beginning each time, in the order of their positions: those of a stream named late may belong
 * between others.
 */
export async function readStreams<State, Command, E extends Event>(
  store: Pick<EventReaderWriter, "readStream">,
  decider: MultiStreamDecider<State, Command, E, Event>,
  command: Command,
  { signal, snapshots, uncounted = false, earlier }: ReadStreamsOptions<State, E>,
): Promise<StreamsRead<State>> {
  const until = earlier?.last.position ?? Number.POSITIVE_INFINITY;
  const fold = checkedFold(decider, "decider");
  const { initialState, evolve } = fold;
  const discovery = new StreamDiscovery(decider, command);
  const streams = new Map<string, StreamRead<E>>();
  let state = initialState();
  let folded: FoldedStreams<State> | undefined;
  for (let named = discovery.next(state); named.length > 0; named = discovery.next(state)) {
    if (snapshots && !earlier) {
      // Each set of streams has a snapshot of its own, so that all are read again with those named late.
      folded = await foldStreams<State, E>(snapshots, [...discovery.streamIds], fold, { signal, uncounted });
      ({ state } = folded);
      continue;
    }
    const found = await Promise.all(named.map(async (streamId) => [streamId, await readStream<E>(store, streamId, { until, signal })] as const));
    for (const [streamId, stream] of found) streams.set(streamId, stream);
    const elsewhere = earlier?.events.filter(({ streamId }) => !streams.has(streamId)) ?? [];
    state = [...Array.from(streams.values(), ({ events }) => events), elsewhere]
      .flat()
      .sort((a, b) => a.position - b.position)
      .reduce(evolve, initialState());
  }
  return { state, versions: folded?.versions ?? versionsOf(streams), snapshotVersion: folded?.snapshotVersion ?? 0 };
}

/**
 * The streams that are no longer where they were read. They are read one after another, so that a state can mix a moment
 * before an append to two of them and one after it. If all versions are unchanged now, all held at once in between.
 */
export async function movedStreams(store: EventReaderWriter, versions: ReadonlyMap<string, number>): Promise<VersionConflict[]> {
  // One stream is read as it was at some moment.
  if (versions.size < 2) return [];
  const now = await Promise.all(
    Array.from(versions, async ([streamId, expected]) => ({ streamId, expected, actual: (await store.streamInfo(streamId)).version })),
  );
  return now.filter(({ expected, actual }) => actual !== expected);
}

interface StreamRead<E extends Event> {
  readonly events: readonly RecordedEvent<E>[];
  readonly version: number;
}

/** Decodes here what is stored: an append expects the version of the last stored event, of which the catalogue may make none. */
async function readStream<E extends Event>(
  store: Pick<EventReaderWriter, "readStream">,
  streamId: string,
  { until, signal }: { readonly until: number; readonly signal: AbortSignal | undefined },
): Promise<StreamRead<E>> {
  const decoder = codecOf(store).decoder();
  const options = { ...(signal && { signal }), ...(decoder.decode && { raw: true }) };
  const stored = (await store.readStream<E>(streamId, options).toArray()).filter(({ position }) => position <= until);
  const events = decoder.decode ? stored.flatMap((event) => decodedParts(event, decoder)).map((event) => asRecorded<E>(event)) : stored;
  return { events, version: stored.at(-1)?.version ?? 0 };
}

function versionsOf<E extends Event>(streams: ReadonlyMap<string, StreamRead<E>>): ReadonlyMap<string, number> {
  return new Map(Array.from(streams, ([streamId, { version }]) => [streamId, version]));
}
