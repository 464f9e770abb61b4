import { createHash } from "node:crypto";
import type { Event, RecordedEvent } from "../../model/event.ts";
import { decodeSnapshot, type StoredSnapshot } from "../../read/stored-snapshot.ts";
import { readAhead } from "../../read/pages.ts";
import { placeOf, type StoredPlace } from "../../read/snapshot-page.ts";
import type { Fold } from "../../read/options.ts";
import type { FoldOptions, SnapshotAccess } from "./access.ts";
import type { Folded, SnapshotName, StreamHead } from "./keeper.ts";
import type { ValidSnapshotOptions } from "./options.ts";
import { readState } from "./read-state.ts";

/** A decider over several streams whose states are kept. */
export interface SnapshotStreams<State> {
  readonly access: SnapshotAccess;
  readonly name: string;
  readonly options: ValidSnapshotOptions<State>;
}

/** A state of several streams, and the version of each; 0 where it has no events. */
export interface FoldedStreams<State> extends Folded<State> {
  readonly versions: ReadonlyMap<string, number>;
}

interface StoredHeads extends StoredSnapshot {
  readonly heads: readonly StreamHead[];
}

/** The longest key that PostgreSQL's index takes beside tenant and names; a longer one is told by its hash. */
const mostKeyBytes = 1_024;

export function nameOfStreams<State>({ access, name, options }: SnapshotStreams<State>, streamIds: readonly string[]): SnapshotName {
  const ids = JSON.stringify(streamIds.toSorted());
  const key = Buffer.byteLength(ids) > mostKeyBytes ? `sha256:${createHash("sha256").update(ids).digest("hex")}` : ids;
  return { tenant: access.tenant, kind: "streams", name, key, stateVersion: options.stateVersion };
}

/**
 * Folds the events of several streams in the order of their positions: from their snapshot on, where there is one and nothing
 * came into the log below its end since. Such an event belongs between those that the snapshot holds, so that all are read.
 */
export async function foldStreams<State, E extends Event>(
  snapshots: SnapshotStreams<State>,
  streamIds: readonly string[],
  fold: Fold<State, RecordedEvent<E>>,
  { signal, uncounted }: FoldOptions = {},
): Promise<FoldedStreams<State>> {
  const { access } = snapshots;
  const name = nameOfStreams(snapshots, streamIds);
  const { stored, outdated } = await find(access, name, streamIds, signal);
  const from = new Map(stored?.heads.map(([streamId, version]) => [streamId, version]));
  const behind = await readFrom<E>(access, streamIds, from, signal);
  const usable = stored && belongs(stored, behind);
  if (!uncounted) access.keeper.counts[usable ? "used" : stored ? "mismatched" : outdated ? "outdated" : "missing"]++;

  const events = stored && !usable ? await readFrom<E>(access, streamIds, new Map(), signal) : behind;
  const start: State = usable ? readState<State>(stored) : fold.initialState();
  const kinds = usable ? new Map(stored.heads.map((head) => [head[0], head])) : new Map<string, StreamHead>();
  const heads = streamIds.toSorted().flatMap((streamId): StreamHead[] => {
    const last = events.get(streamId)?.last;
    const head = kinds.get(streamId);
    return last ? [[streamId, last.version, last.id]] : head ? [head] : [];
  });
  const news = Array.from(events, ([streamId, found]) => eventsBehind(found, kinds.get(streamId)?.[1]))
    .flat()
    .sort((a, b) => a.position - b.position);
  const last = Array.from(events.values(), (stream) => stream.last).reduce(later, undefined);
  return {
    state: news.reduce(fold.evolve, start),
    version: heads.reduce((sum, [, version]) => sum + version, 0),
    snapshotVersion: usable ? stored.version : 0,
    last,
    heads,
    versions: new Map(streamIds.map((streamId) => [streamId, heads.find(([id]) => id === streamId)?.[1] ?? 0])),
    ...(stored && !usable && { replaces: stored.eventId }),
  };
}

async function find(
  access: SnapshotAccess,
  name: SnapshotName,
  streamIds: readonly string[],
  signal: AbortSignal | undefined,
): Promise<{ readonly stored: StoredHeads | undefined; readonly outdated: boolean }> {
  const catalogue = access.keeper.codec.fingerprint;
  const values = [name.tenant, name.kind, name.name, name.key, name.stateVersion, catalogue];
  try {
    const [row] = await access.queryable.query(access.keeper.statements.find, values, { signal });
    const snapshot = decodeSnapshot(row);
    if (!snapshot) return { stored: undefined, outdated: false };
    const heads: readonly StreamHead[] = JSON.parse(row?.["heads"] ?? "[]");
    // Two sets of streams with one hash.
    const others = heads.some(([streamId]) => !streamIds.includes(streamId));
    const outdated = Number(row?.["state_version"]) !== name.stateVersion || row?.["catalogue"] !== catalogue;
    return { stored: outdated || others ? undefined : { ...snapshot, heads }, outdated };
  } catch (error) {
    // Counted, and then nothing is found.
    access.passOver(name, error);
    return { stored: undefined, outdated: false };
  }
}

/** What was read of a stream: its events as they are today, and the places of the first and the last stored one. */
interface ReadStream<E extends Event> {
  readonly events: readonly RecordedEvent<E>[];
  readonly first: StoredPlace | undefined;
  readonly last: StoredPlace | undefined;
}

/** The events of each stream from the given version on, that one included; all where none is given. */
async function readFrom<E extends Event>(
  { reader }: SnapshotAccess,
  streamIds: readonly string[],
  from: ReadonlyMap<string, number>,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, ReadStream<E>>> {
  const read = async (streamId: string): Promise<readonly [string, ReadStream<E>]> => {
    const pages = reader.streamPages<E>(streamId, { fromVersion: from.get(streamId) ?? 1, signal });
    const events: RecordedEvent<E>[] = [];
    for await (const page of readAhead(pages, signal)) for (const event of page) events.push(event);
    return [streamId, { events, first: placeOf(pages.firstRow), last: placeOf(pages.lastRow) }];
  };
  return new Map(await Promise.all(streamIds.map(read)));
}

/** Without those of the stored event that a snapshot ends with, where there is one. */
function eventsBehind<E extends Event>({ events }: ReadStream<E>, version: number | undefined): readonly RecordedEvent<E>[] {
  return version === undefined ? events : events.filter((event) => event.version > version);
}

function later(a: StoredPlace | undefined, b: StoredPlace | undefined): StoredPlace | undefined {
  return !a || (b && b.position > a.position) ? b : a;
}

/** Whether each stream still has the event that it ended with, and everything else comes behind all that the snapshot holds. */
function belongs<E extends Event>({ heads, position }: StoredHeads, behind: ReadonlyMap<string, ReadStream<E>>): boolean {
  const ends = new Map(heads.map(([streamId, version, id]) => [streamId, { version, id }]));
  return Array.from(behind).every(([streamId, stream]) => {
    const end = ends.get(streamId);
    if (end && (stream.first?.version !== end.version || stream.first.id !== end.id)) return false;
    return eventsBehind(stream, end?.version).every((event) => event.position > position);
  });
}
