import type { Arrival } from "../history/final.ts";
import type { OutagePlan } from "./plan.ts";
import type { Memory } from "./relay-worker.ts";

/** A look at the relay during the outage. */
export interface Look extends Memory {
  /** Since the broker was killed. */
  readonly atMs: number;
  /** Bytes of events' data that were appended since. */
  readonly backlog: number;
  /** As `store.relays.get` says. */
  readonly state: string;
}

/** A check of `store.health`. */
export interface SaidByHealth {
  readonly status: string;
  readonly value: number | string | null;
  readonly advice: string | null;
}

/** What an outage came to. */
export interface OutageRecord {
  readonly plan: OutagePlan;
  /** Of the relay's process before the outage, with nothing to do. */
  readonly before: Memory;
  readonly looks: readonly Look[];
  /** Of the lag, with a limit, while the broker was away, and once the relay had caught up. */
  readonly health: { readonly during: SaidByHealth; readonly after: SaidByHealth };
  /** Codes of what the worker's `onError` was told. */
  readonly told: readonly string[];
  readonly letters: number;
  /** Milliseconds by the clock: when the broker was killed, and was there again. */
  readonly awayFrom: number;
  readonly awayUntil: number;
  /** From then on, until it had a message more, and until it had all. */
  readonly resumedMs: number;
  readonly caughtUpMs: number;
  /** Every event of the log, with a digest of its data. */
  readonly log: readonly (readonly [id: string, stream: string, position: number, digest: string])[];
  /** At the broker, in its order, with the same digest for a payload. */
  readonly arrivals: readonly Arrival[];
}
