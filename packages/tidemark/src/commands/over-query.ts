import { checkBoundaryQuery } from "../arguments/boundary-query.ts";
import { InvalidArgumentError, isTidemarkError } from "../errors/errors.ts";
import type { Event, NewEvent, RecordedEvent } from "../model/event.ts";
import type { EventReaderWriter } from "../transaction/event-reader-writer.ts";
import { checkedFold } from "../read/evolve.ts";
import { CommandIds, queryTarget } from "./command-id.ts";
import { attemptUpTo, orStartAgain } from "./conflict.ts";
import { type BoundaryDecider, checkBoundaryDecider } from "./decider.ts";
import { earlierEvents } from "./earlier-events.ts";
import { checkDecision } from "./decision.ts";
import { stampEvent } from "./metadata.ts";
import { MiddlewareChain } from "./middleware.ts";
import { checkCommandOptions, type CommandOptions } from "./options.ts";
import { readAfter, Recorded } from "./recorded.ts";
import type { StreamsResult } from "./result.ts";

/** `executeCommand` where a command names types and tags: every match that came between fails the append. */
export async function executeOverQuery<State, Command, E extends Event>(
  store: EventReaderWriter,
  decider: BoundaryDecider<State, Command, E>,
  command: Command,
  options: CommandOptions<State, Command, E> | undefined,
): Promise<StreamsResult<State, E>> {
  checkBoundaryDecider(decider);
  const { attempts, metadata, commandId, middleware, signal } = checkCommandOptions(options);
  const { initialState, evolve } = checkedFold(decider, "decider");
  const query = typeof decider.query === "function" ? decider.query(command) : decider.query;
  const target = queryTarget(checkBoundaryQuery(query, "decider.query"), streamOf(decider, command));
  const ids = commandId === undefined ? undefined : new CommandIds(commandId, { kind: "query", decider: decider.name, target });
  const around = new MiddlewareChain(middleware);

  async function attempt(number: number): Promise<StreamsResult<State, E>> {
    const { events: found, boundary } = await store.readBoundary<E>(query, signal && { signal });
    // After the reading: whoever handles the same command meanwhile is met by this, or by the append.
    const earlier = ids ? await earlierEvents<E>(store, ids) : [];
    if (earlier.length > 0) return { ...leftBy(earlier, found), attempts: number };

    const state = found.reduce(evolve, initialState());
    const nothing: StreamsResult<State, E> = { state, position: undefined, events: [], attempts: number };
    if (!(await around.before({ command, state, streamId: undefined, attempt: number }))) return nothing;
    const decided = checkDecision(await decider.decide(command, state)).map((event, index): NewEvent<E> => {
      const stamped = metadata ? stampEvent(event, [metadata]) : event;
      return ids ? ids.mark(stamped, index) : stamped;
    });
    if (decided.length === 0) return nothing;

    const recorded = new Recorded<E>();
    const options = { ...streamOfDecision(decider, command, decided), condition: { query, after: boundary }, ...(signal && { signal }) };
    const append = store.append<E>(decided, recorded.in(options));
    const isHandled = (error: unknown): boolean => ids?.handledMeanwhile(error, decided.length) === true;
    const { streamId, version, position } = await orStartAgain(append, { isLost: isFailed, isHandled });
    const written = { appended: [{ streamId, version, events: decided }], again: ids !== undefined };
    const events = await recorded.events(store, written);
    if (!recorded.told) return { ...(await readAfter(written, async () => leftBy(events, (await store.readBoundary<E>(query)).events))), attempts: number };
    return { state: events.reduce(evolve, state), position, events, attempts: number };
  }

  /** What the command did when it was handled before, or may have been, and the state that it left. */
  function leftBy(earlier: readonly RecordedEvent<E>[], found: readonly RecordedEvent<E>[]): Omit<StreamsResult<State, E>, "attempts"> {
    const position = earlier.at(-1)?.position ?? 0;
    const others = found.filter((event) => event.position < position && !earlier.some(({ id }) => id === event.id));
    const events = [...others, ...earlier].sort((a, b) => a.position - b.position);
    return { state: events.reduce(evolve, initialState()), position, events: earlier };
  }

  return around.after(await attemptUpTo({ store, attempts, signal, subject: JSON.stringify(query) }, attempt));
}

function isFailed(error: unknown): boolean {
  return isTidemarkError(error, "CONDITION_FAILED");
}

/** Where the decided events go; without a `streamId` the store names the stream. */
export function streamOfDecision<State, Command, E extends Event>(
  decider: BoundaryDecider<State, Command, E>,
  command: Command,
  decided: readonly NewEvent<E>[],
): { readonly streamId?: string } {
  const streamId = streamOf(decider, command);
  if (streamId !== undefined) return { streamId };
  if ((decided[0]?.tags?.length ?? 0) > 0) return {};
  throw new InvalidArgumentError(
    "decider.streamId",
    "is missing: the default is the stream named after the first event's first tag, and that event has no tags",
  );
}

function streamOf<State, Command, E extends Event>({ streamId }: BoundaryDecider<State, Command, E>, command: Command): string | undefined {
  return typeof streamId === "function" ? streamId(command) : streamId;
}
