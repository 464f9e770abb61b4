import { type BoundaryDecider, decider, type EventReaderWriter, executeCommand, handleCommand, type MultiStreamDecider, type StreamsResult } from "tidemark";
import { type Call, newEvents, OwnError, outcomeOf } from "../call.ts";
import { wrongError } from "../errors.ts";
import type { ModelEvent } from "../model.ts";

interface Decide {
  readonly what: "write" | "nothing" | "throw" | "later";
  readonly events: readonly ModelEvent[];
}

const numbers = decider<readonly number[], Decide, { readonly type: string; readonly data: { readonly n: number } }>({
  name: "fuzz-numbers",
  initialState: () => [],
  evolve: (state, { data }) => [...state, data.n],
  async decide({ what, events }) {
    if (what === "throw") throw new OwnError("decide threw");
    if (what === "later") await new Promise((resolve) => setImmediate(resolve));
    return what === "nothing" ? [] : events.map(({ type, n }) => ({ type, data: { n } }));
  },
  snapshot: { every: 5, stateVersion: 1 },
});

const command: Call = {
  name: "handleCommand",
  async run(actor) {
    const { store, model, random } = actor;
    const streamId = actor.stream();
    const events = actor.events(3);
    const what = random.pick<Decide["what"]>(["write", "write", "nothing", "throw", "later"]);
    const outcome = await outcomeOf(() => handleCommand(store, numbers, streamId, { what, events }));
    if ("error" in outcome) return what === "throw" ? wrongError(outcome.error) : `a command failed: ${String(wrongError(outcome.error) ?? outcome.error)}`;
    if (what === "write" || what === "later") model.append(streamId, events);
    const { state, version } = outcome.value;
    const wanted = model.events(streamId).map(({ n }) => n);
    return version === wanted.length && state.join() === wanted.join()
      ? undefined
      : `a command on ${streamId} returned ${state.join()} at ${version}, not ${wanted.join()}`;
  },
};

type Numbered = { readonly type: string; readonly data: { readonly n: number } };

interface Over {
  readonly what: Decide["what"];
  readonly reads: readonly string[];
  readonly writes: readonly (readonly [streamId: string, events: readonly ModelEvent[]])[];
}

/** What every stream that was read holds. */
type Read = ReadonlyMap<string, readonly number[]>;

const overStreams: MultiStreamDecider<Read, Over, Numbered> = {
  name: "fuzz-over-streams",
  reads: ({ reads }) => reads,
  initialState: () => new Map(),
  evolve: (state, { streamId, data }) => new Map(state).set(streamId, [...(state.get(streamId) ?? []), data.n]),
  async decide({ what, writes }) {
    if (what === "throw") throw new OwnError("decide threw");
    if (what === "later") await new Promise((resolve) => setImmediate(resolve));
    return what === "nothing" ? [] : writes.map(([streamId, events]) => ({ streamId, events: newEvents(events) }));
  },
};

/** Over some streams, of which some are written, and others; in the store or in a transaction; some twice under one id. */
const overSome: Call = {
  name: "executeCommand over streams",
  async run(actor) {
    const { store, model, random } = actor;
    const some = (most: number): readonly string[] => [...new Set(Array.from({ length: random.between(1, most) }, () => actor.stream()))];
    const what = random.pick<Decide["what"]>(["write", "write", "nothing", "throw", "later"]);
    const command: Over = { what, reads: some(4), writes: some(3).map((streamId) => [streamId, actor.events(2)] as const) };
    const commandId = random.chance(0.3) ? crypto.randomUUID() : undefined;
    const inside = random.chance(0.3);
    const execute = (): Promise<StreamsResult<Read, Numbered>> => {
      const run = (within: EventReaderWriter) => executeCommand(within, overStreams, command, commandId === undefined ? {} : { commandId });
      return inside ? store.transaction(run) : run(store);
    };
    const outcome = await outcomeOf(execute);
    if ("error" in outcome) return what === "throw" ? wrongError(outcome.error) : `a command failed: ${String(wrongError(outcome.error) ?? outcome.error)}`;
    const before = model.fork();
    const writes = what === "write" || what === "later";
    if (writes) for (const [streamId, events] of command.writes) model.append(streamId, events);
    if (commandId !== undefined && writes) {
      const again = await outcomeOf(execute);
      if ("error" in again) return `handled again, a command failed: ${String(again.error)}`;
      const ids = ({ events }: StreamsResult<Read, Numbered>): string => events.map(({ id }) => id).join();
      if (ids(again.value) !== ids(outcome.value)) return "handled again, a command told of other events";
    }
    const { state } = outcome.value;
    for (const streamId of new Set([...command.reads, ...state.keys()])) {
      const wanted = (writes && command.writes.some(([id]) => id === streamId) ? model : before).events(streamId);
      // What is written and was not read is a part of the state from its new events on.
      const known = command.reads.includes(streamId) ? wanted : wanted.slice(before.version(streamId));
      const [found, numbers] = [(state.get(streamId) ?? []).join(), known.map(({ n }) => n).join()];
      if (found !== numbers) return `a command that read ${command.reads.join()} saw ${found} in ${streamId}, not ${numbers}`;
    }
    return undefined;
  },
};

interface ByTag {
  readonly what: Decide["what"];
  readonly tag: string;
  readonly streamId: string;
  readonly events: readonly ModelEvent[];
}

const byTag: BoundaryDecider<readonly number[], ByTag, Numbered> = {
  name: "fuzz-by-tag",
  query: ({ tag }) => [{ tags: [tag] }],
  streamId: ({ streamId }) => streamId,
  initialState: () => [],
  evolve: (state, { data }) => [...state, data.n],
  decide({ what, tag, events }) {
    if (what === "throw") throw new OwnError("decide threw");
    return what === "nothing" ? [] : newEvents(events).map((event) => ({ ...event, tags: [tag] }));
  },
};

/** By a tag that others use or not: all that has it and stands before the decision is in its state. */
const byQuery: Call = {
  name: "executeCommand by query",
  async run(actor) {
    const { store, model, random } = actor;
    const streamId = actor.stream();
    const own = random.chance(0.5);
    const tag = own ? actor.ownTag() : actor.sharedTag();
    const what = random.pick<Decide["what"]>(["write", "write", "nothing", "throw"]);
    const events = actor.events(2);
    const outcome = await outcomeOf(() => executeCommand(store, byTag, { what, tag, streamId, events }, { retry: { attempts: 100 } }));
    if ("error" in outcome) return what === "throw" ? wrongError(outcome.error) : `a command failed: ${String(wrongError(outcome.error) ?? outcome.error)}`;
    if (what === "write") model.append(streamId, events);
    const { state, position } = outcome.value;
    const { events: now } = await store.readBoundary<Numbered>([{ tags: [tag] }]);
    const there = now.filter((event) => position === undefined || event.position <= position).map(({ data }) => data.n);
    if (position === undefined && !own) return undefined;
    return there.join() === state.join() ? undefined : `a decision on ${tag} saw ${state.join()}, and ${there.join()} stood there`;
  },
};

export const commandCalls: readonly Call[] = [command, overSome, byQuery];
