import { isDeepStrictEqual } from "node:util";
import { checkStreamId } from "../arguments/names.ts";
import type { Event, NewEvent, RecordedEvent } from "../model/event.ts";
import type { EventReaderWriter } from "../transaction/event-reader-writer.ts";
import { CommandRun, type DecidedCommand, type ReadCommand } from "./command-run.ts";
import { checkedFold } from "../read/evolve.ts";
import { checkDecider, type Decider } from "./decider.ts";
import { refuseOtherStore } from "./decider-events.ts";
import { type EarlierEvents, earlierEvents } from "./earlier-events.ts";
import { checkDecision } from "./decision.ts";
import type { CommandOptions } from "./options.ts";
import { readAfter } from "./recorded.ts";
import type { CommandResult } from "./result.ts";
import { shapeDecided } from "./shape-decided.ts";
import { codecOf, snapshotsOf } from "./snapshots/access.ts";
import { considerSnapshot, snapshotState, readState } from "./snapshots/snapshot-state.ts";
import { commanding } from "../tracing/operations.ts";
import { tracedPlaceOf } from "../tracing/traced-store.ts";
import { commanded } from "./commanded.ts";

/**
 * Reads a stream, decides, and appends the decided events at the version that was read. If another writer came in between, it starts
 * again on the new state. Several commands are decided one after another, each on the state that the previous one left, and appended
 * together. If nothing is decided, nothing is written.
 *
 * `store` may be a transaction: the events then commit and roll back with it. A conflict is retried there too. The append that lost
 * holds the stream's lock, so the next attempt succeeds. Under REPEATABLE READ and SERIALIZABLE, a transaction cannot see what came in
 * between, and you get a `SerializationFailureError`.
 *
 * `evolve` sees decided events before the store adds anything to them, with the data that readers will get where the store has a catalogue. Events with ids of your own that are already in the stream are
 * not written again; state, version and position are then those that they led to the first time.
 *
 * @param streamId - 1–512 bytes of UTF-8 without control characters.
 * @param command - One command, or an array of commands. Wrap a command that is itself an array in another array.
 * @throws errors of `decide` and of middleware, at once and unchanged.
 * @throws {@link InvalidArgumentError} — `evolve` returned a promise or `undefined`; `decide` returned no events, or events with ids of
 *   their own although there is a `commandId`. Nothing was written.
 * @throws {@link VersionConflictError} — the last attempt lost as well. Nothing was written.
 * @throws {@link OutcomeUnknownError} — it is unknown whether the events were written, or they were written and could not be read
 *   back. With a `commandId`, it is safe to handle the command again.
 * @throws whatever else `appendToStream` and `aggregateStream` throw.
 *
 * @example
 * ```ts
 * const { state, version } = await handleCommand(store, cart, "cart-handled", { kind: "add", sku: "tea" });
 * ```
 */
export async function handleCommand<State, Command, E extends Event>(
  store: EventReaderWriter,
  decider: Decider<State, Command, E, Event>,
  streamId: string,
  command: Command | readonly Command[],
  options?: CommandOptions<NoInfer<State>, NoInfer<Command>, NoInfer<E>>,
): Promise<CommandResult<State, E>> {
  checkDecider(decider);
  refuseOtherStore(snapshotsOf(store), decider);
  checkStreamId(streamId, "streamId");
  const { decide, name } = decider;
  const run = new CommandRun<State, Command, E>(store, options, () => ({ kind: "stream", decider: name, target: streamId }));
  const { ids, signal, middleware } = run;
  const fold = checkedFold(decider, "decider");
  const snapshots = snapshotState(() => snapshotsOf(store), "stream", decider, streamId);
  const codec = codecOf(store);
  /** Then a stored event may be several to `evolve`, or none, and is looked for by its id. */
  const decodes = codec.decoder().decode !== undefined;
  const commands = isSeveral(command) ? command : [command];

  async function read(attempt: number): Promise<ReadCommand<E, Omit<CommandResult<State, E>, "attempts">>> {
    /** What this command wrote when it was handled before: it is looked for in what is read anyway. */
    const before: RecordedEvent<E>[] = [];
    let nextId = decodes ? undefined : ids?.at(0);
    const search = {
      initialState: fold.initialState,
      evolve: (state: State, event: RecordedEvent<E>): State => {
        if (event.id === nextId) nextId = ids?.at(before.push(event));
        return fold.evolve(state, event);
      },
    };
    let found = await readState<State, E>(store, snapshots, search, signal);
    let { state } = found;

    return {
      async earlier(given) {
        if (decodes) return leftBy(await earlierEvents<E>(store, given));
        // What this command wrote may be in the part that the snapshot spared.
        if (found.snapshotVersion > 0 && before.length === 0 && (await store.eventById(given.at(0)))) {
          found = { ...(await store.aggregateStream<State, E>(streamId, { ...search, ...(signal && { signal }) })), snapshotVersion: 0 };
          ({ state } = found);
        }
        const last = before.at(-1);
        return leftBy(last && { events: before, last });
      },
      async decide() {
        const decided: NewEvent[] = [];
        const folded: NewEvent<E>[] = [];
        for (const one of commands) {
          if (!(await middleware.before({ command: one, state, streamId, attempt }))) continue;
          const events = checkDecision(await decide(one, state));
          const place = { streamId, version: found.version, before: decided.length };
          const prepared = run.prepare(events, { before: decided.length });
          const { append, read } = await shapeDecided<E>(codec, { decided: events, prepared }, place);
          decided.push(...append);
          folded.push(...read);
          state = read.reduce<State>(fold.evolve, state);
        }
        return decided.length === 0 ? undefined : appendOf(decided, { ...found, folded, state });
      },
      nothing() {
        considerSnapshot(snapshots, { state, version: found.version, snapshotVersion: found.snapshotVersion });
        return { state, version: found.version, position: undefined, events: [] };
      },
    };
  }

  /** What the command did when it was handled before, and the state that it left. */
  async function leftBy(earlier: EarlierEvents<E> | undefined): Promise<Omit<CommandResult<State, E>, "attempts"> | undefined> {
    if (!earlier) return undefined;
    const { version, position } = earlier.last;
    const { state } = await store.aggregateStream<State, E>(streamId, { ...fold, toVersion: version });
    return { state, version, position, events: earlier.events };
  }

  /** @param decision - The version that was read, what was decided as it was folded, and the state that this led to. */
  function appendOf(
    decided: readonly NewEvent[],
    decision: { readonly folded: readonly NewEvent<E>[]; readonly state: State; readonly version: number; readonly snapshotVersion: number },
  ): DecidedCommand<E, Omit<CommandResult<State, E>, "attempts">> {
    let position: number | undefined;
    return {
      count: decided.length,
      async append(telling) {
        const { version, position: last } = await store.appendToStream(streamId, decided, { ...telling, expectedVersion: decision.version });
        position = last;
        return [{ streamId, version, events: decided }];
      },
      async result(written) {
        const version = written.appended[0]?.version ?? 0;
        let { state } = decision;
        // They were there already, under ids of their own: then the state that was read holds them, or lacks what came before them. Or a
        // wrapper of the application's handed on copies, of which a schema made something else, as where a default is a new id.
        if (version !== decision.version + decided.length || (decodes && !haveSameData(decision.folded, written.events)))
          ({ state } = await readAfter(written, () => store.aggregateStream<State, E>(streamId, { ...fold, toVersion: version })));
        considerSnapshot(snapshots, { state, version, snapshotVersion: decision.snapshotVersion });
        return { state, version, position, events: written.events };
      },
    };
  }

  return await commanding.trace(
    tracedPlaceOf(store),
    () => ({ operation: "handleCommand", ...(name !== undefined && { decider: name }), streamId }),
    () => run.run({ subject: streamId, read }),
    commanded,
  );
}

function haveSameData(folded: readonly NewEvent[], written: readonly NewEvent[]): boolean {
  return folded.length === written.length && folded.every(({ data }, index) => isDeepStrictEqual(data, written[index]?.data));
}

function isSeveral<Command>(command: Command | readonly Command[]): command is readonly Command[] {
  return Array.isArray(command);
}
