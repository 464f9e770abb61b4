import { checkSignal } from "../arguments/checks.ts";
import { checkOptions } from "../arguments/options.ts";
import type { AppendOptions, AppendResult } from "../append/types.ts";
import { InvalidArgumentError, isTidemarkError } from "../errors/errors.ts";
import { NotFoundError } from "../errors/following.ts";
import type { Event, EventMetadata, NewEvent } from "../model/event.ts";
import type { EventReaderWriter } from "../transaction/event-reader-writer.ts";
import {
  type Aggregate,
  type AggregateClass,
  type AggregateDefinition,
  type AggregateHistory,
  checkAggregateClass,
  evolveBy,
  streamIdOf,
} from "./aggregate.ts";
import { attemptUpTo, orStartAgain } from "./conflict.ts";
import { checkMetadata, stampEvent } from "./metadata.ts";
import { checkRetry } from "./options.ts";
import { giveBackLost, isTransaction, mayBeLost, rememberSaved } from "./saved-in-transaction.ts";
import { snapshotsOf } from "./snapshots/access.ts";
import { considerSnapshot, type SnapshotState, snapshotState, readState, takeSnapshot } from "./snapshots/snapshot-state.ts";

/**
 * Options of `save`.
 *
 * @example
 * ```ts
 * const options: SaveOptions = { metadata: { actorId: "ada" } };
 * ```
 */
export interface SaveOptions {
  /** Metadata for every event saved. Keys that an event has keep their values. */
  readonly metadata?: EventMetadata;
  /** Aborts the call. It rejects with `signal.reason` if nothing was written, otherwise with its outcome. */
  readonly signal?: AbortSignal;
}

/**
 * Options of `update`.
 *
 * @example
 * ```ts
 * const options: UpdateOptions = { retry: { attempts: 5 }, metadata: { actorId: "ada" } };
 * ```
 */
export interface UpdateOptions extends SaveOptions {
  /** The most attempts when other writers come in between, 1 to 1,000. `false`: one attempt. @defaultValue 10 */
  readonly retry?: { readonly attempts?: number } | false;
}

/**
 * Loads and saves the aggregates of one class.
 *
 * @example
 * ```ts
 * const orders: Repository<Order> = repository(store, Order);
 * const order = await orders.loadOrCreate("1");
 * order.ship("T-1");
 * await orders.save(order);
 * ```
 */
export interface Repository<A> {
  /** @throws {@link NotFoundError} — its stream has no events. */
  load(id: string): Promise<A>;
  /** Loads the aggregate, or creates a new one if its stream has no events. */
  loadOrCreate(id: string): Promise<A>;
  exists(id: string): Promise<boolean>;
  /**
   * Appends the pending events at the version that was loaded, all of them or none. Returns undefined if there are none. Events with
   * ids of your own that are already in the stream are not written again; the aggregate then has its stream's version.
   *
   * @throws {@link VersionConflictError} — another writer came in between. The aggregate is out of date: load it again, or use
   *   `update`.
   * @throws {@link OutcomeUnknownError} — save the same aggregate again; nothing is written twice.
   * @throws whatever else `appendToStream` throws.
   */
  save(aggregate: A, options?: SaveOptions): Promise<AppendResult | undefined>;
  /**
   * Loads or creates the aggregate, calls `work`, and saves. Starts again if another writer came in between. An error that `work`
   * throws reaches you unchanged, and nothing is written.
   */
  update(id: string, work: (aggregate: A) => void | Promise<void>, options?: UpdateOptions): Promise<A>;
  /**
   * Stores a snapshot now, regardless of the policy of its class, and waits for it. Returns false if there is already one of as many
   * events or more, or there are no events.
   *
   * @throws {@link InvalidArgumentError} — the class has no `snapshot`, or JSON would change the state at `path`.
   */
  takeSnapshot(id: string): Promise<boolean>;
}

/** What a repository hands out, of whatever state and events: an instance of its class. */
type SavedAggregate = Pick<Aggregate<unknown, Event>, "id" | "streamId" | "version">;

/** A class that extends what `aggregate` returned. Its instances alone decide the repository's type. */
interface SavedAggregateClass<A extends SavedAggregate> {
  new (id: string, history?: AggregateHistory<never>): A;
  readonly definition: Pick<AggregateDefinition<unknown, Event>, "category">;
}

const saveShape = { metadata: checkMetadata, signal: checkSignal };
const updateShape = { ...saveShape, retry: checkRetry };

/**
 * Returns the aggregates of one class in a store, or in a transaction.
 *
 * @example
 * ```ts
 * const orders = repository(store, Order);
 * const order = await orders.loadOrCreate("2");
 * order.ship("T-2");
 * await orders.save(order);
 * ```
 */
export function repository<A extends SavedAggregate>(store: EventReaderWriter, type: SavedAggregateClass<A>): Repository<A> {
  checkAggregateClass<A>(type);
  return repositoryOf<unknown, Event, Aggregate<unknown, Event> & A>(store, type);
}

function repositoryOf<State, E extends Event, A extends Aggregate<State, E>>(store: EventReaderWriter, type: AggregateClass<State, E, A>): Repository<A> {
  const { definition } = type;

  /** Of how many events the snapshot was made that an aggregate was loaded from. */
  const snapshotVersions = new WeakMap<A, number>();

  function keptOf(id: string): SnapshotState<State, E> {
    const streamId = streamIdOf(definition, id);
    const { name = definition.category, snapshot, initialState } = definition;
    const evolve = (before: State, event: E): State => evolveBy<State, E>(definition, streamId, before, event);
    return snapshotState<State, E>(() => snapshotsOf(store), "aggregate", { name, snapshot, initialState, evolve }, streamId);
  }

  async function loadOrCreate(id: string, signal?: AbortSignal): Promise<A> {
    const kept = keptOf(id);
    const { state, version, snapshotVersion } = await readState(store, kept, kept.fold, signal);
    const loaded = new type(id, { state, version });
    snapshotVersions.set(loaded, snapshotVersion);
    if (loaded.version !== version) throw new InvalidArgumentError("constructor", `of ${type.name} must pass its second argument to super`);
    return loaded;
  }

  async function save(aggregate: A, options?: SaveOptions): Promise<AppendResult | undefined> {
    const { metadata, signal } = checkOptions(options, saveShape);
    // Nothing is awaited else: what is applied after this call is not a part of it.
    if (mayBeLost(store, aggregate)) await giveBackLost(store, aggregate);
    const { streamId, pending, version } = aggregate;
    if (pending.length === 0) return undefined;
    const events = metadata ? pending.map((event) => stampEvent(event, [metadata])) : pending;
    let ids = pending.map(({ id }) => id);
    const telling: AppendOptions = {
      expectedVersion: version,
      ...(signal && { signal }),
      onRecorded: (written) => {
        ids = written.map(({ id }) => id);
      },
    };
    try {
      const result = await store.appendToStream<E>(streamId, events, telling);
      if (result.version === version + pending.length) {
        aggregate.markSaved(pending.length, result.version);
        const [eventId] = ids;
        // Under the same ids: a commit that is still under way must not write them twice.
        const giveBack = (): void => aggregate.markUnsaved(withIds(pending, ids), version);
        if (isTransaction(store) && eventId !== undefined) rememberSaved(aggregate, { transaction: store, eventId, giveBack });
      } else await markRepeated(aggregate, pending.length);
      considerSnapshot(keptOf(aggregate.id), { state: aggregate.state, version: aggregate.version, snapshotVersion: snapshotVersions.get(aggregate) ?? 0 });
      return result;
    } catch (error) {
      if (isTidemarkError(error, "OUTCOME_UNKNOWN")) aggregate.markSent(error.eventIds);
      throw error;
    }
  }

  /** The events were there already, under ids of their own: the aggregate counted them twice, or lacks what came before them. */
  async function markRepeated(aggregate: A, count: number): Promise<void> {
    const kept = keptOf(aggregate.id);
    const { state, version } = await readState(store, kept, kept.fold, undefined);
    aggregate.markSaved(count, version, { of: state });
  }

  return {
    loadOrCreate: (id) => loadOrCreate(id),
    async load(id) {
      const loaded = await loadOrCreate(id);
      if (loaded.version > 0) return loaded;
      throw new NotFoundError(definition.category, id, `Stream ${JSON.stringify(loaded.streamId)} has no events; use loadOrCreate to start one.`);
    },
    takeSnapshot: (id) => takeSnapshot(keptOf(id)),
    exists: async (id) => (await store.streamInfo(streamIdOf(definition, id))).exists,
    save,
    async update(id, work, options) {
      const { retry, ...saving } = checkOptions(options, updateShape);
      return await attemptUpTo({ store, attempts: retry ?? 10, signal: saving.signal, subject: streamIdOf(definition, id) }, async () => {
        const loaded = await loadOrCreate(id, saving.signal);
        await work(loaded);
        await orStartAgain(save(loaded, saving));
        return loaded;
      });
    },
  };
}

function withIds<E extends Event>(events: readonly NewEvent<E>[], ids: readonly (string | undefined)[]): readonly NewEvent<E>[] {
  return events.map((event, index) => {
    const id = ids[index];
    return id === undefined ? event : { ...event, id };
  });
}
