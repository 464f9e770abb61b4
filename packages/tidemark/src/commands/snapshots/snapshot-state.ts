import { InvalidArgumentError } from "../../errors/errors.ts";
import type { Event, RecordedEvent } from "../../model/event.ts";
import type { EventReaderWriter } from "../../transaction/event-reader-writer.ts";
import { checkedFold } from "../../read/evolve.ts";
import type { Fold } from "../../read/options.ts";
import { type SnapshotStream, type SnapshotAccess } from "./access.ts";
import type { Folded } from "./keeper.ts";
import { type SnapshotOptions, type ValidSnapshotOptions, withDefaults } from "./options.ts";

/** What is folded, of which stream, and how it is kept, where it is. */
export interface SnapshotState<State, E extends Event> {
  readonly streamId: string;
  readonly fold: Fold<State, RecordedEvent<E>>;
  /** Undefined where no snapshots are kept. */
  readonly snapshots: { readonly access: SnapshotAccess; readonly stream: SnapshotStream; readonly options: ValidSnapshotOptions<State> } | undefined;
}

export interface SnapshotDefinition<State, E extends Event> extends Fold<State, RecordedEvent<E>> {
  readonly name?: string | undefined;
  readonly snapshot?: SnapshotOptions<State> | undefined;
}

/**
 * A stream's state, with its snapshots where the definition wants them and the store has them.
 *
 * @param accessOf - Asked only where the definition wants them: a wrapper of a store may not know the way.
 */
export function snapshotState<State, E extends Event>(
  accessOf: () => SnapshotAccess | undefined,
  kind: "stream" | "aggregate",
  { name, snapshot, initialState, evolve }: SnapshotDefinition<State, E>,
  streamId: string,
): SnapshotState<State, E> {
  const access = name !== undefined && snapshot ? accessOf() : undefined;
  const options = snapshot && withDefaults(snapshot);
  const snapshots =
    access && options && name !== undefined ? { access, options, stream: { kind, name, streamId, stateVersion: options.stateVersion } } : undefined;
  return { streamId, fold: checkedFold({ initialState, evolve }, "decider"), snapshots };
}

/** @param fold - Instead of the definition's own, to the same state. */
export async function readState<State, E extends Event>(
  store: EventReaderWriter,
  { streamId, snapshots }: SnapshotState<State, E>,
  fold: Fold<State, RecordedEvent<E>>,
  signal: AbortSignal | undefined,
): Promise<Pick<Folded<State>, "state" | "version" | "snapshotVersion">> {
  if (snapshots) return await snapshots.access.foldStream<State, E>(snapshots.stream, fold, { signal });
  return { ...(await store.aggregateStream<State, E>(streamId, { ...fold, ...(signal && { signal }) })), snapshotVersion: 0 };
}

/** After a command. Never throws. */
export function considerSnapshot<State, E extends Event>(
  { snapshots, fold }: SnapshotState<State, E>,
  now: Pick<Folded<State>, "state" | "version" | "snapshotVersion">,
): void {
  if (!snapshots) return;
  const { access, stream, options } = snapshots;
  access.consider(access.nameOf(stream), options, now, (apart, how) => apart.foldStream<State, E>(stream, fold, how));
}

/** By hand. False where there is one of as many events or more, or no event. */
export async function takeSnapshot<State, E extends Event>({ snapshots, fold }: SnapshotState<State, E>): Promise<boolean> {
  if (!snapshots)
    throw new InvalidArgumentError(
      "snapshot",
      "is missing in the definition, or the store has none: nothing would read a snapshot. Give it a name and snapshot: {}",
    );
  const { access, stream } = snapshots;
  return await access.takeNow(access.nameOf(stream), (signal) => access.foldStream<State, E>(stream, fold, { signal, uncounted: true }));
}
