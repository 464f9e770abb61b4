import { checkFunction, wholeNumber } from "../../arguments/checks.ts";
import { checkOptions } from "../../arguments/options.ts";
import { InvalidArgumentError } from "../../errors/errors.ts";

/** What a policy of one's own decides on. */
export interface SnapshotCandidate<State> {
  readonly state: State;
  /** Of how many events the state is made: of one stream, its version. */
  readonly version: number;
  /** How many of them the snapshot does not hold that was read; all where there was none. */
  readonly eventsSince: number;
}

/**
 * When to keep a state, so that the next command reads it and the events after it. Without `every` and `when` only
 * `store.snapshots.take` keeps one, and every command uses it.
 */
export interface SnapshotOptions<State> {
  /** Keep one when this many events have come since the last, 1 or more. */
  readonly every?: number;
  /** Whether to keep one now. Asked after each command; with `every`, either is enough. It must not change the state. */
  readonly when?: (candidate: SnapshotCandidate<State>) => boolean;
  /**
   * Of what is kept, 1 to 2,147,483,647. Default 1. Raise it whenever `initialState` or `evolve` make another state of the same
   * events: snapshots of other versions are ignored, and the older ones replaced.
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
