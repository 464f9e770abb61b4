import { checkFunction, wholeNumber } from "../../arguments/checks.ts";
import { checkOptions } from "../../arguments/options.ts";
import { InvalidArgumentError } from "../../errors/errors.ts";

/**
 * What a policy of one's own decides on.
 *
 * @example
 * ```ts
 * export function isWorthIt({ eventsSince }: SnapshotCandidate<CartState>): boolean {
 *   return eventsSince >= 200;
 * }
 * ```
 */
export interface SnapshotCandidate<State> {
  readonly state: State;
  /** Of how many events the state is made: of one stream, its version. */
  readonly version: number;
  /** How many of them the snapshot does not hold that was read; all where there was none. */
  readonly eventsSince: number;
}

/**
 * When to store a snapshot, so that the next command reads it and only the events after it. Without `every` and `when`, only
 * `store.snapshots.take` stores one; every command uses it.
 *
 * @example
 * ```ts
 * const kept = decider<CartState, CartCommand, CartEvent>({ ...cart, name: "cart", snapshot: { every: 100, stateVersion: 1 } });
 * ```
 */
export interface SnapshotOptions<State> {
  /** Store one after this many events since the last one, 1 or more. */
  readonly every?: number;
  /** Returns whether to store one now. Called after each command; with `every`, either is enough. Must not change the state. */
  readonly when?: (candidate: SnapshotCandidate<State>) => boolean;
  /**
   * The version of the stored state, 1 to 2,147,483,647. Raise it whenever you change `initialState` or `evolve` so that
   * the same events give another state. Snapshots of other versions are ignored, and older ones replaced.
   * @defaultValue 1
   */
  readonly stateVersion?: number;
}

/** Options as they are run. */
export interface ValidSnapshotOptions<State> {
  readonly every: number | undefined;
  readonly when: ((candidate: SnapshotCandidate<State>) => boolean) | undefined;
  readonly stateVersion: number;
}

const shape = { every: wholeNumber(1), when: checkFunction, stateVersion: wholeNumber(1, 2_147_483_647) };

export function checkSnapshotOptions(value: unknown, path: string): unknown {
  checkOptions(value, shape, path);
  return value;
}

/** A name is needed: two deciders on one stream have two states. */
export function needName(definition: { readonly name?: string | undefined; readonly snapshot?: unknown }, path: string): void {
  if (definition.snapshot !== undefined && definition.name === undefined)
    throw new InvalidArgumentError(
      `${path}.name`,
      "is missing. Snapshots are stored under this name, which tells them from those of other deciders of the same stream",
    );
}

export function withDefaults<State>({ every, when, stateVersion }: SnapshotOptions<State>): ValidSnapshotOptions<State> {
  return { every, when, stateVersion: stateVersion ?? 1 };
}

/** Whether the policy wants a snapshot. What `when` throws passes through. */
export function isDue<State>({ every, when }: ValidSnapshotOptions<State>, candidate: SnapshotCandidate<State>): boolean {
  if (candidate.eventsSince === 0) return false;
  return (every !== undefined && candidate.eventsSince >= every) || when?.(candidate) === true;
}
