import { type EventCodec, plainEvents } from "../../catalogue/event-codec.ts";
import type { Queryable, Session } from "../../database/database.ts";
import { isTidemarkError } from "../../errors/errors.ts";
import type { Event, RecordedEvent } from "../../model/event.ts";
import type { EventReaderWriter } from "../../transaction/event-reader-writer.ts";
import type { StoredSnapshot, SnapshotIdentity } from "../../read/stored-snapshot.ts";
import type { Fold } from "../../read/options.ts";
import { readAhead } from "../../read/pages.ts";
import type { Reader } from "../../read/reader.ts";
import { placeOf, type SnapshotPage, type StoredPlace } from "../../read/snapshot-page.ts";
import type { Folded, SnapshotKeeper, SnapshotName } from "./keeper.ts";
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

/** The codec of a store and of what shares its snapshots; of any other reader, which decodes by itself, the one without a catalogue. */
export function codecOf(store: object): EventCodec {
  return accesses.get(store)?.keeper.codec ?? plainEvents;
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
    const { snapshotVersion } = begun ?? { snapshotVersion: 0 };
    let { state } = begun ?? { state: fold.initialState() };
    // The last stored event: the catalogue may make none of it, and it stands in the stream all the same.
    let last = begun && head.last;
    if (begun) for (const event of head.events(snapshotVersion > 0 ? "behind first" : "first")) state = fold.evolve(state, event);
    if (!begun || head.more) {
      const pages = this.reader.streamPages<E>(stream.streamId, { fromVersion: (last?.version ?? 0) + 1, signal });
      for await (const events of readAhead(pages, signal)) for (const event of events) state = fold.evolve(state, event);
      last = placeOf(pages.lastRow) ?? last;
    }
    return { state, version: last?.version ?? 0, last, snapshotVersion, ...(head?.snapshot && snapshotVersion === 0 && { replaces: head.snapshot.eventId }) };
  }

  /**
   * After a command: has a snapshot taken where the policy wants one, of what `fold` reads then. Never throws, and no command waits for it.
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
    const taken = last !== undefined && version > snapshotVersion && (await this.keeper.keep(name, { ...folded, last }));
    if (taken) this.keeper.counts.taken++;
    return taken;
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
    { snapshot, first }: SnapshotPage<E>,
    { initialState }: Fold<State, RecordedEvent<E>>,
    stream: SnapshotStream,
  ): { readonly state: State; readonly snapshotVersion: number } | undefined {
    if (!snapshot) return { state: initialState(), snapshotVersion: 0 };
    if (!endsWith(snapshot, first)) return undefined;
    try {
      return { state: readState<State>(snapshot), snapshotVersion: snapshot.version };
    } catch (error) {
      this.keeper.failed(this.nameOf(stream), error);
      return undefined;
    }
  }
}

/** Whether the snapshot's last event is still where it was: after a restore it may be gone, or another. */
function endsWith({ version, position, eventId }: StoredSnapshot, event: StoredPlace | undefined): boolean {
  return event?.version === version && event.position === position && event.id === eventId;
}

function verdictOf({ snapshot, outdated, first }: SnapshotPage): "used" | "missing" | "outdated" | "mismatched" {
  if (snapshot) return endsWith(snapshot, first) ? "used" : "mismatched";
  return outdated ? "outdated" : "missing";
}
