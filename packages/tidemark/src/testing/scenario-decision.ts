import { AssertionError } from "node:assert";
import { InvalidArgumentError } from "../errors/errors.ts";
import { assertSame, shown } from "./assert-same.ts";
import type { Awaitable } from "./stored-events.ts";
import { checkExpectedError, type ExpectedError, messageOf, mismatch } from "./expected-error.ts";

/**
 * What the decision has to be. Each of these throws an `AssertionError`, with `actual` and `expected`, when it is not.
 *
 * @example
 * ```ts
 * const decision: ScenarioDecision<NewEvent<CartEvent>> = scenario(cart).given([]).when({ kind: "confirm" });
 * decision.thenThrows("empty");
 * ```
 */
export interface ScenarioDecision<Decided> {
  /** Expects exactly this, in this order. Compares `type` and `data` of events, and `id`, `tags` and `metadata` if given here. */
  then(decided: readonly NoInfer<Decided>[]): void;
  /**
   * Expects the command to be rejected: with any error, one whose message matches or contains this text, or one of this class.
   * Built-in errors such as a TypeError, and the library's for invalid arguments, count as mistakes; they pass only if you name their
   * class.
   */
  thenThrows(error?: ExpectedError): void;
  /** `then` for a decider whose `decide` returns promises: await it. */
  thenAsync(decided: readonly NoInfer<Decided>[]): Promise<void>;
  /** `thenThrows` for a decider whose `decide` returns promises: await it. */
  thenThrowsAsync(error?: ExpectedError): Promise<void>;
}

/** What was given, and what commands make of it. `Decision` is what `decide` returns, `Decided` the same as readers get it. */
export interface Plot<Command, Decided, Decision> {
  decide(command: Command): Awaitable<readonly Decision[]>;
  /** Adds what was decided, as a store would, and returns it as a store gives it back. Refuses what a store would refuse. */
  settle(decided: readonly Decision[]): Awaitable<readonly Decided[]>;
  /** What is expected, as a store would give it back. */
  expected(decided: readonly Decided[]): readonly Decided[];
  /** What is compared: of what a store makes itself, only what the expectation names. */
  compared(decided: Decided, expectation: Decided): unknown;
}

/** @param open - A new plot at each call: every `then` plays it from the beginning. */
export function decisionOf<Command, Decided, Decision>(
  commands: readonly Command[],
  open: () => Awaitable<Plot<Command, Decided, Decision>>,
): ScenarioDecision<Decided> {
  return {
    // oxlint-disable-next-line unicorn/no-thenable -- given, when, then; awaited by mistake, it refuses what await passes to it
    then(expected) {
      const plot = checkedNow(open());
      assertDecided(commands, plot, decideNow(commands, plot), expected, this.then);
    },
    thenThrows(error) {
      checkExpectedError(error);
      assertRefused(commands, outcomeOf(commands, open), error, this.thenThrows);
    },
    async thenAsync(expected) {
      const plot = await open();
      assertDecided(commands, plot, await decideInTurn(commands, plot), expected, this.thenAsync);
    },
    async thenThrowsAsync(error) {
      checkExpectedError(error);
      assertRefused(commands, await outcomeInTime(commands, open), error, this.thenThrowsAsync);
    },
  };
}

type Outcome = { readonly decided: readonly unknown[] } | { readonly error: unknown };

function decideNow<Command, Decided, Decision>(commands: readonly Command[], plot: Plot<Command, Decided, Decision>): readonly Decided[] {
  return commands.flatMap((command) => checkedNow(plot.settle(decidedNow(plot.decide(command)))));
}

async function decideInTurn<Command, Decided, Decision>(commands: readonly Command[], plot: Plot<Command, Decided, Decision>): Promise<readonly Decided[]> {
  const all: Decided[] = [];
  for (const command of commands) all.push(...(await plot.settle(await plot.decide(command))));
  return all;
}

function outcomeOf<Command, Decided, Decision>(commands: readonly Command[], open: () => Awaitable<Plot<Command, Decided, Decision>>): Outcome {
  const plot = checkedNow(open());
  try {
    return { decided: decideNow(commands, plot) };
  } catch (error) {
    if (error instanceof UnawaitedDecision) throw error;
    return { error };
  }
}

async function outcomeInTime<Command, Decided, Decision>(
  commands: readonly Command[],
  open: () => Awaitable<Plot<Command, Decided, Decision>>,
): Promise<Outcome> {
  const plot = await open();
  try {
    return { decided: await decideInTurn(commands, plot) };
  } catch (error) {
    return { error };
  }
}

class UnawaitedDecision extends InvalidArgumentError {}

function decidedNow<T>(decision: Awaitable<T>): T {
  return now(decision, "decide", "returns a promise");
}

function checkedNow<T>(checked: Awaitable<T>): T {
  return now(checked, "events", "has an asynchronous schema");
}

/** A test that does not await it would pass whatever is decided. */
function now<T>(value: Awaitable<T>, path: string, problem: string): T {
  if (!(value instanceof Promise)) return value;
  value.catch(() => {});
  throw new UnawaitedDecision(path, `${problem}: write \`await ….thenAsync(…)\` or \`await ….thenThrowsAsync(…)\``);
}

function assertDecided<Command, Decided, Decision>(
  commands: readonly Command[],
  plot: Plot<Command, Decided, Decision>,
  decided: readonly Decided[],
  expected: readonly Decided[],
  assertion: (...args: never[]) => unknown,
): void {
  const wanted = plot.expected(expected).map((one) => plot.compared(one, one));
  const actual = decided.map((one, index) => plot.compared(one, expected[index] ?? one));
  assertSame(actual, wanted, `${shown(commands)} led to other events.`, assertion);
}

function assertRefused(commands: readonly unknown[], outcome: Outcome, expected: ExpectedError | undefined, assertion: (...args: never[]) => unknown): void {
  const fail = (message: string, actual: unknown, cause?: unknown): never => {
    const failure = new AssertionError({ message, actual, expected, operator: "throws", stackStartFn: assertion });
    throw cause === undefined ? failure : Object.assign(failure, { cause });
  };
  if ("decided" in outcome) return fail(`${shown(commands)} was not refused; it led to ${shown(outcome.decided)}`, outcome.decided);
  const { error } = outcome;
  const problem = mismatch(error, expected);
  const actual = expected instanceof RegExp || typeof expected === "string" ? messageOf(error) : error;
  if (problem !== undefined) fail(`${shown(commands)} was refused with ${problem}`, actual, error);
}
