import { AssertionError } from "node:assert";
import { encodeJson } from "../arguments/json.ts";
import { checkDecider, type Decider } from "../commands/decider.ts";
import { InvalidArgumentError } from "../errors.ts";
import type { Event, NewEvent } from "../event.ts";
import { assertSame, shown } from "./assert-same.ts";

/** What an error has to be: its message matches, or it is of the class. */
// oxlint-disable-next-line typescript/no-explicit-any -- a class's parameters have no type that all classes share
export type ExpectedError = RegExp | (new (...parameters: any[]) => Error);

export interface DeciderScenario<Command, E extends Event> {
  /** The events of the stream so far; `[]` for none. */
  given(events: readonly NoInfer<NewEvent<E>>[]): DeciderHistory<Command, E>;
}

export interface DeciderHistory<Command, E extends Event> {
  /** One command, or several that are decided one after another. */
  when(...commands: readonly [Command, ...Command[]]): DeciderDecision<E>;
}

/** What the decision has to be. Each of these throws an `AssertionError`, with `actual` and `expected`, when it is not. */
export interface DeciderDecision<E extends Event> {
  /** Exactly these events, in this order. `type` and `data` are compared, and `id`, `tags` and `metadata` where they are given here. */
  then(events: readonly NoInfer<NewEvent<E>>[]): void;
  /** The command is refused: with any error, one whose message matches, or one of this class. */
  thenThrows(error?: ExpectedError): void;
  /** `then` for a decider whose `decide` returns promises: await it. */
  thenAsync(events: readonly NoInfer<NewEvent<E>>[]): Promise<void>;
  /** `thenThrows` for a decider whose `decide` returns promises: await it. */
  thenThrowsAsync(error?: ExpectedError): Promise<void>;
}

/**
 * A test of a decider without a store: `scenario(cart).given(events).when(command).then(events)`. Works with every test runner.
 * Events pass through JSON as they would in a store, so data that a store refuses is refused here, too.
 */
export function scenario<State, Command, E extends Event>(decider: Decider<State, Command, E>): DeciderScenario<Command, E> {
  checkDecider(decider);
  return {
    given: (events) => ({
      when: (...commands) => {
        const story = { decider, given: asStored(events, "given"), commands };
        return {
          // oxlint-disable-next-line unicorn/no-thenable -- given, when, then; awaited by mistake, it refuses what await passes to it
          then(expected) {
            assertDecided(commands, decideNow(story), expected, this.then);
          },
          thenThrows(error) {
            assertRefused(commands, outcomeOf(story), error, this.thenThrows);
          },
          async thenAsync(expected) {
            assertDecided(commands, await decideInTurn(story), expected, this.thenAsync);
          },
          async thenThrowsAsync(error) {
            assertRefused(commands, await outcomeInTime(story), error, this.thenThrowsAsync);
          },
        };
      },
    }),
  };
}

interface Story<State, Command, E extends Event> {
  readonly decider: Decider<State, Command, E>;
  readonly given: readonly NewEvent<E>[];
  readonly commands: readonly Command[];
}

type Outcome<E extends Event> = { readonly decided: readonly NewEvent<E>[] } | { readonly error: unknown };

function decideNow<State, Command, E extends Event>({ decider, given, commands }: Story<State, Command, E>): readonly NewEvent<E>[] {
  let state = given.reduce(decider.evolve, decider.initialState());
  return commands.flatMap((command) => {
    const decided = asStored(refusePromise(decider.decide(command, state)), "decided");
    state = decided.reduce(decider.evolve, state);
    return decided;
  });
}

async function decideInTurn<State, Command, E extends Event>({ decider, given, commands }: Story<State, Command, E>): Promise<readonly NewEvent<E>[]> {
  let state = given.reduce(decider.evolve, decider.initialState());
  const all: NewEvent<E>[] = [];
  for (const command of commands) {
    const decided = asStored(await decider.decide(command, state), "decided");
    state = decided.reduce(decider.evolve, state);
    all.push(...decided);
  }
  return all;
}

function outcomeOf<State, Command, E extends Event>(story: Story<State, Command, E>): Outcome<E> {
  try {
    return { decided: decideNow(story) };
  } catch (error) {
    if (error instanceof UnawaitedDecision) throw error;
    return { error };
  }
}

function outcomeInTime<State, Command, E extends Event>(story: Story<State, Command, E>): Promise<Outcome<E>> {
  return decideInTurn(story).then(
    (decided) => ({ decided }),
    (error: unknown) => ({ error }),
  );
}

class UnawaitedDecision extends InvalidArgumentError {}

/** A test that does not await it would pass whatever is decided. */
function refusePromise<T>(decision: T | Promise<T>): T {
  if (!(decision instanceof Promise)) return decision;
  decision.catch(() => {});
  throw new UnawaitedDecision("decide", "returns a promise: write `await ….thenAsync(…)` or `await ….thenThrowsAsync(…)`");
}

/** The events as a store gives them back. Refuses what a store would refuse. */
function asStored<E extends Event>(events: readonly NewEvent<E>[], path: string): readonly NewEvent<E>[] {
  if (!Array.isArray(events)) throw new InvalidArgumentError(path, "must be an array of events; write [] for none");
  return events.map((event, index) => {
    const { metadata } = event;
    const data: E["data"] = JSON.parse(encodeJson(event.data, `${path}[${index}].data`));
    return { ...event, data, ...(metadata && { metadata: JSON.parse(encodeJson(metadata, `${path}[${index}].metadata`)) }) };
  });
}

function assertDecided<E extends Event>(
  commands: readonly unknown[],
  decided: readonly NewEvent<E>[],
  expected: readonly NewEvent<E>[],
  assertion: (...args: never[]) => unknown,
): void {
  const wanted = asStored(expected, "then").map(partsOf);
  const actual = decided.map((event, index) => partsOf(event, expected[index] ?? event));
  assertSame(actual, wanted, `${shown(commands)} led to other events.`, assertion);
}

/** What is compared: of what the store can make itself, only what the expectation names. */
function partsOf(event: NewEvent, expected: NewEvent | number): Partial<NewEvent> {
  const named = typeof expected === "number" ? event : expected;
  return {
    type: event.type,
    data: event.data,
    ...(named.id !== undefined && { id: event.id ?? "none" }),
    ...(named.tags !== undefined && { tags: event.tags ?? [] }),
    ...(named.metadata !== undefined && { metadata: event.metadata ?? {} }),
  };
}

function assertRefused<E extends Event>(
  commands: readonly unknown[],
  outcome: Outcome<E>,
  expected: ExpectedError | undefined,
  assertion: (...args: never[]) => unknown,
): void {
  const fail = (message: string, actual: unknown, cause?: unknown): never => {
    const failure = new AssertionError({ message, actual, expected, operator: "throws", stackStartFn: assertion });
    throw cause === undefined ? failure : Object.assign(failure, { cause });
  };
  if ("decided" in outcome) return fail(`${shown(commands)} was not refused; it led to ${shown(outcome.decided)}`, outcome.decided);
  const { error } = outcome;
  const message = error instanceof Error ? error.message : String(error);
  if (expected instanceof RegExp) {
    if (!expected.test(message)) fail(`${shown(commands)} was refused with another message than ${expected}: ${message}`, message, error);
  } else if (expected !== undefined && !(error instanceof expected)) {
    fail(`${shown(commands)} was refused with ${error instanceof Error ? error.name : typeof error}, not ${expected.name}: ${message}`, error, error);
  }
}
