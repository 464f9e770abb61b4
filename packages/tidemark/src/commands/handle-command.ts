import { checkStreamId } from "../arguments/names.ts";
import type { Event, NewEvent, RecordedEvent } from "../model/event.ts";
import type { EventReaderWriter } from "../transaction/event-reader-writer.ts";
import { checkedFold } from "../read/evolve.ts";
import { CommandIds } from "./command-id.ts";
import { attemptUpTo, orStartAgain } from "./conflict.ts";
import { checkDecider, type Decider } from "./decider.ts";
import { checkDecision } from "./decision.ts";
import { stampEvent } from "./metadata.ts";
import { MiddlewareChain } from "./middleware.ts";
import { checkCommandOptions, type CommandOptions } from "./options.ts";
import { readAfter, Recorded } from "./recorded.ts";
import type { CommandResult } from "./result.ts";
import { snapshotsOf } from "./snapshots/access.ts";
import { considerSnapshot, snapshotState, readState } from "./snapshots/snapshot-state.ts";

/**
 * Reads a stream, decides, and appends the decided events at the version that was read. If another writer came in between, it starts
 * again on the new state. Several commands are decided one after another, each on the state that the previous one left, and appended
 * together. If nothing is decided, nothing is written.
 *
 * `store` may be a transaction: the events then commit and roll back with it. A conflict is retried there too. The append that lost
 * holds the stream's lock, so the next attempt succeeds. Under REPEATABLE READ and SERIALIZABLE, a transaction cannot see what came in
 * between, and you get a `SerializationFailureError`.
 *
 * `evolve` sees decided events before the store adds anything to them. Events with ids of your own that are already in the stream are
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
  decider: Decider<State, Command, E>,
  streamId: string,
  command: Command | readonly Command[],
  options?: CommandOptions<NoInfer<State>, NoInfer<Command>, NoInfer<E>>,
): Promise<CommandResult<State, E>> {
  checkDecider(decider);
  checkStreamId(streamId, "streamId");
  const { attempts, metadata, commandId, middleware, signal } = checkCommandOptions(options);
  const { decide, name } = decider;
  const fold = checkedFold(decider, "decider");
  const ids = commandId === undefined ? undefined : new CommandIds(commandId, { kind: "stream", decider: name, target: streamId });
  const around = new MiddlewareChain(middleware);
  const kept = snapshotState(() => snapshotsOf(store), "stream", decider, streamId);
  const commands = isSeveral(command) ? command : [command];

  async function attempt(number: number): Promise<CommandResult<State, E>> {
    /** What this command wrote when it was handled before: it is looked for in what is read anyway. */
    const before: RecordedEvent<E>[] = [];
    let nextId = ids?.at(0);
    const search = {
      initialState: fold.initialState,
      evolve: (state: State, event: RecordedEvent<E>): State => {
        if (event.id === nextId) nextId = ids?.at(before.push(event));
        return fold.evolve(state, event);
      },
    };
    let read = await readState<State, E>(store, kept, search, signal);
    // What this command wrote may be in the part that the snapshot spared.
    if (ids && read.snapshotVersion > 0 && before.length === 0 && (await store.eventById(ids.at(0))))
      read = { ...(await store.aggregateStream<State, E>(streamId, { ...search, ...(signal && { signal }) })), snapshotVersion: 0 };
    const last = before.at(-1);
    if (last) {
      const { state } = await store.aggregateStream<State, E>(streamId, { ...fold, toVersion: last.version });
      return { state, version: last.version, position: last.position, events: before, attempts: number };
    }

    let { state } = read;
    const decided: NewEvent<E>[] = [];
    for (const one of commands) {
      if (!(await around.before({ command: one, state, streamId, attempt: number }))) continue;
      for (const event of checkDecision(await decide(one, state))) {
        const stamped = metadata ? stampEvent(event, [metadata]) : event;
        decided.push(ids ? ids.mark(stamped, decided.length) : stamped);
        state = fold.evolve(state, event);
      }
    }
    if (decided.length === 0) {
      considerSnapshot(kept, { state, version: read.version, snapshotVersion: read.snapshotVersion });
      return { state, version: read.version, position: undefined, events: [], attempts: number };
    }

    const recorded = new Recorded<E>();
    const append = store.appendToStream<E>(streamId, decided, recorded.in({ expectedVersion: read.version, ...(signal && { signal }) }));
    const { version, position } = await orStartAgain(append, { isHandled: (error) => ids?.handledMeanwhile(error, decided.length) === true });
    const written = { appended: [{ streamId, version, events: decided }], again: ids !== undefined };
    const events = await recorded.events(store, written);
    // They were there already, under ids of their own: then the state that was read holds them, or lacks what came before them.
    if (version !== read.version + decided.length)
      ({ state } = await readAfter(written, () => store.aggregateStream<State, E>(streamId, { ...fold, toVersion: version })));
    considerSnapshot(kept, { state, version, snapshotVersion: read.snapshotVersion });
    return { state, version, position, events, attempts: number };
  }

  return around.after(await attemptUpTo({ store, attempts, signal, subject: streamId }, attempt));
}

function isSeveral<Command>(command: Command | readonly Command[]): command is readonly Command[] {
  return Array.isArray(command);
}
