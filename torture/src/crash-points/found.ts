/** After which something was not as it should be. */
export interface Wrong {
  /** The invariant that it is about. */
  readonly promise: string;
  readonly text: string;
}

export interface CrashPoints {
  readonly cases: number;
  /** How many there are in all that was asked for, by sample or share. */
  readonly all: number;
  /** By call: its messages. */
  readonly messages: readonly (readonly [call: string, messages: number])[];
  /** Cases whose message did not come again. */
  readonly missed: number;
  /** Cases that took longer than any time-out explains. */
  readonly slow: readonly string[];
  readonly wrong: readonly Wrong[];
  /** What the checker is to judge, one after the other. */
  readonly folders: readonly string[];
}

/** Which cases; undefined: all. */
export interface Chosen {
  readonly call?: string | undefined;
  /** Names of the protocol's messages. */
  readonly messages?: readonly string[] | undefined;
  /** Of those of rebuilding: so many, drawn by the seed. */
  readonly sample?: { readonly cases: number; readonly seed: number } | undefined;
  /** Of those of rebuilding: one of so many shares, from 1 on, by a hash of each case. */
  readonly share?: { readonly index: number; readonly of: number } | undefined;
}
