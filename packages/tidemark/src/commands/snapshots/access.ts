import type { Queryable, Session } from "../../database/database.ts";
import { isTidemarkError } from "../../errors/errors.ts";
import type { Event, RecordedEvent } from "../../model/event.ts";
import type { EventReaderWriter } from "../../transaction/event-reader-writer.ts";
import type { StoredSnapshot, SnapshotIdentity } from "../../read/stored-snapshot.ts";
import type { Fold } from "../../read/options.ts";
import type { SnapshotPage, Reader } from "../../read/reader.ts";
import type { EventPlace, Folded, SnapshotKeeper, SnapshotName } from "./keeper.ts";
import { isDue, type ValidSnapshotOptions } from "./options.ts";
import { readState } from "./read-state.ts";

/** A stream whose state is folded, and under which name it is kept. */
export interface SnapshotStream extends SnapshotIdentity {
  readonly streamId: string;
}

export interface FoldOptions {
  readonly signal?: AbortSignal | undefined;
  /** For the snapshots' own readings: those of commands are counted. */
  readonly uncounted?: boolean;
}

/** Of stores and their transactions: what commands read and take snapshots by, which is no part of their interface. */
const accesses = new WeakMap<object, SnapshotAccess>();

/** Commands in this store have these snapshots from now on. */
export function giveSnapshots(store: object, access: SnapshotAccess): void {
  accesses.set(store, access);
}

/** Commands in this wrapper have the store's snapshots. */
export function shareSnapshots(wrapper: object, store: object): void {
  const access = accesses.get(store);
  if (access) accesses.set(wrapper, access);
}

/** Undefined: it is no store of ours, and no wrapper that shares its snapshots. */
export function snapshotsOf(store: EventReaderWriter): SnapshotAccess | undefined {
  return accesses.get(store);
}

/** The snapshots of one tenant, through the pool or inside a transaction. */
export class SnapshotAccess {
  readonly keeper: SnapshotKeeper;
  readonly tenant: string;
  readonly reader: Reader;
  readonly queryable: Queryable;
  /** Inside a transaction snapshots are read and none is taken: what it appended may be rolled back. */
  readonly #takes: boolean;

  /** @param session - Of the transaction, where it is inside one. */
  constructor(keeper: SnapshotKeeper, tenant: string, reader: Reader, session?: Session) {
    this.keeper = keeper;
    this.tenant = tenant;
    this.reader = reader;
    this.queryable = session ?? keeper.database;
    this.#takes = session === undefined;
  }

  /** Folds a stream: its snapshot, where there is one that belongs to it, and the events behind it, by one statement. */
  async foldStream<State, E extends Event>(
    stream: SnapshotStream,
    fold: Fold<State, RecordedEvent<E>>,
    { signal, uncounted }: FoldOptions = {},
  ): Promise<Folded<State>> {
    const head = await this.#readFromSnapshot<E>(stream, signal);
    if (!uncounted && head) this.keeper.counts[verdictOf(head)]++;
    const begun = head && this.#begin<State, E>(head, fold, stream);
    const folding = begun ?? { state: fold.initialState(), version: 0, last: undefined };
    const snapshotVersion = folding.version;
    const add = (event: RecordedEvent<E>): void => {
      folding.state = fold.evolve(folding.state, event);
      folding.version = event.version;
      folding.last = event;
    };
    for (const event of begun?.behind ?? []) add(event);
    if (!begun || head?.more)
      for await (const event of this.reader.readStream<E>(stream.streamId, { fromVersion: folding.version + 1, ...(signal && { signal }) })) add(event);
    const { state, version, last } = folding;
    return { state, version, last, snapshotVersion, ...(head?.kept && snapshotVersion === 0 && { replaces: head.kept.eventId }) };
  }

  /**
   * After a command: has a snapshot taken where the policy wants one, of what `fold` reads then. Never throws, and nobody waits.
   *
   * @param fold - With the access that snapshots are read by: apart from the readings of commands.
   */
  consider<State>(
    name: SnapshotName,
    options: ValidSnapshotOptions<State>,
    { state, version, snapshotVersion }: Pick<Folded<State>, "state" | "version" | "snapshotVersion">,
    fold: (access: SnapshotAccess, options: FoldOptions) => Promise<Folded<State>>,
  ): void {
    if (!this.#takes) return;
    try {
      if (!isDue(options, { state, version, eventsSince: version - Math.max(snapshotVersion, this.keeper.refusedAt(name)) })) return;
    } catch (error) {
      this.keeper.failed(name, error);
      return;
    }
    const apart = new SnapshotAccess(this.keeper, this.tenant, this.keeper.readerOf(this.tenant));
    this.keeper.later(name, version, (signal) => fold(apart, { signal, uncounted: true }));
  }

  /** Counts that snapshots cannot be read. In a transaction that error is the caller's: no statement passes after it. */
  passOver(name: SnapshotName, error: unknown): void {
    if (!this.#takes || !isTidemarkError(error, "DATABASE")) throw error;
    this.keeper.failed(name, error);
  }

  /** By hand. False where there is one of as many events or more, or no event. */
  async takeNow<State>(name: SnapshotName, fold: (signal?: AbortSignal) => Promise<Folded<State>>): Promise<boolean> {
    const folded = await fold();
    const { last, version, snapshotVersion } = folded;
    const kept = last !== undefined && version > snapshotVersion && (await this.keeper.keep(name, { ...folded, last }));
    if (kept) this.keeper.counts.taken++;
    return kept;
  }

  nameOf({ kind, name, streamId, stateVersion }: SnapshotStream): SnapshotName {
    return { tenant: this.tenant, kind, name, key: streamId, stateVersion };
  }

  /** Undefined where the snapshots cannot be read. */
  async #readFromSnapshot<E extends Event>(stream: SnapshotStream, signal: AbortSignal | undefined): Promise<SnapshotPage<E> | undefined> {
    try {
      return await this.reader.readFromSnapshot<E>(stream.streamId, stream, signal);
    } catch (error) {
      this.passOver(this.nameOf(stream), error);
      return undefined;
    }
  }

  /** Where the fold begins. Undefined: at the beginning, with other events than those that were read. */
  #begin<State, E extends Event>(
    { kept, events }: SnapshotPage<E>,
    { initialState }: Fold<State, RecordedEvent<E>>,
    stream: SnapshotStream,
  ): { state: State; version: number; last: EventPlace | undefined; readonly behind: readonly RecordedEvent<E>[] } | undefined {
    if (!kept) return { state: initialState(), version: 0, last: undefined, behind: events };
    if (!endsWith(kept, events[0])) return undefined;
    try {
      return { state: readState<State>(kept), version: kept.version, last: events[0], behind: events.slice(1) };
    } catch (error) {
      this.keeper.failed(this.nameOf(stream), error);
      return undefined;
    }
  }
}

/** Whether the snapshot's last event is still where it was: after a restore it may be gone, or another. */
function endsWith({ version, position, eventId }: StoredSnapshot, event: RecordedEvent | undefined): boolean {
  return event?.version === version && event.position === position && event.id === eventId;
}

function verdictOf({ kept, outdated, events }: SnapshotPage): "used" | "missing" | "outdated" | "mismatched" {
  if (kept) return endsWith(kept, events[0]) ? "used" : "mismatched";
  return outdated ? "outdated" : "missing";
}
