import { checkBoundaryQuery } from "../arguments/boundary-query.ts";
import { InvalidArgumentError, isTidemarkError } from "../errors/errors.ts";
import type { Boundary, Event, NewEvent, RecordedEvent } from "../model/event.ts";
import type { EventReaderWriter } from "../transaction/event-reader-writer.ts";
import { CommandRun, type DecidedCommand, type ReadCommand } from "./command-run.ts";
import { checkedFold } from "../read/evolve.ts";
import { queryTarget } from "./command-id.ts";
import { type BoundaryDecider, checkBoundaryDecider } from "./decider.ts";
import { checkQueryTypes, refuseOtherStore } from "./decider-events.ts";
import { type EarlierEvents, earlierEvents } from "./earlier-events.ts";
import type { CommandOptions } from "./options.ts";
import { readAfter } from "./recorded.ts";
import type { StreamsOutcome, StreamsResult } from "./result.ts";
import { snapshotsOf } from "./snapshots/access.ts";

/** `executeCommand` where a command names types and tags: every match that came between fails the append. */
export async function executeOverQuery<State, Command, E extends Event>(
  store: EventReaderWriter,
  decider: BoundaryDecider<State, Command, E, Event>,
  command: Command,
  options: CommandOptions<State, Command, E> | undefined,
): Promise<StreamsResult<State, E>> {
  checkBoundaryDecider(decider);
  refuseOtherStore(snapshotsOf(store), decider);
  const { initialState, evolve } = checkedFold(decider, "decider");
  const query = typeof decider.query === "function" ? decider.query(command) : decider.query;
  const items = checkBoundaryQuery(query, "decider.query");
  checkQueryTypes(decider, items);
  const target = queryTarget(items, streamOf(decider, command));
  const run = new CommandRun<State, Command, E>(store, options, () => ({ kind: "query", decider: decider.name, target }));
  const { signal, middleware } = run;

  async function read(attempt: number): Promise<ReadCommand<E, StreamsOutcome<State, E>>> {
    const { events: found, boundary } = await store.readBoundary<E>(query, signal && { signal });
    const fold = (): State => found.reduce(evolve, initialState());
    let state: State | undefined;
    return {
      // After the reading: if the same command is handled elsewhere meanwhile, this look meets it, or the append does.
      async earlier(ids) {
        const earlier = await earlierEvents<E>(store, ids);
        return earlier && leftBy(earlier, found);
      },
      async decide() {
        state = fold();
        if (!(await middleware.before({ command, state, streamId: undefined, attempt }))) return undefined;
        const decided = run.prepare(await decider.decide(command, state));
        return decided.length === 0 ? undefined : appendOf(decided, boundary, state);
      },
      nothing: () => ({ state: state ?? fold(), position: undefined, events: [] }),
    };
  }

  function appendOf(decided: readonly NewEvent[], after: Boundary, before: State): DecidedCommand<E, StreamsOutcome<State, E>> {
    let position: number | undefined;
    return {
      count: decided.length,
      async append(telling) {
        const result = await store.append(decided, { ...telling, ...streamOfDecision(decider, command, decided), condition: { query, after } });
        ({ position } = result);
        return [{ streamId: result.streamId, version: result.version, events: decided }];
      },
      async result(written) {
        const { events } = written;
        const last = events.at(-1);
        if (!written.now && last) return await readAfter(written, async () => leftBy({ events, last }, (await store.readBoundary<E>(query)).events));
        return { state: events.reduce(evolve, before), position, events };
      },
    };
  }

  /** What the command did when it was handled before, or may have been, and the state that it left. */
  function leftBy(earlier: EarlierEvents<E>, found: readonly RecordedEvent<E>[]): StreamsOutcome<State, E> {
    const { position } = earlier.last;
    const others = found.filter((event) => event.position < position && !earlier.events.some(({ id }) => id === event.id));
    const events = [...others, ...earlier.events].sort((a, b) => a.position - b.position);
    return { state: events.reduce(evolve, initialState()), position, events: earlier.events };
  }

  return await run.run({ subject: JSON.stringify(query), isLost: isFailed, read });
}

function isFailed(error: unknown): boolean {
  return isTidemarkError(error, "CONDITION_FAILED");
}

/** Where the decided events go; without a `streamId` the store names the stream. */
export function streamOfDecision<State, Command, E extends Event>(
  decider: BoundaryDecider<State, Command, E, Event>,
  command: Command,
  decided: readonly NewEvent[],
): { readonly streamId?: string } {
  const streamId = streamOf(decider, command);
  if (streamId !== undefined) return { streamId };
  if ((decided[0]?.tags?.length ?? 0) > 0) return {};
  throw new InvalidArgumentError(
    "decider.streamId",
    "is missing: the default is the stream named after the first event's first tag, and that event has no tags",
  );
}

function streamOf<State, Command, E extends Event>({ streamId }: BoundaryDecider<State, Command, E, Event>, command: Command): string | undefined {
  return typeof streamId === "function" ? streamId(command) : streamId;
}
