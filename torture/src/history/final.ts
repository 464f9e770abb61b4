import type { Reading } from "../shapes/code.ts";

/** One event of the log as it is in the end: position, id, stream, version. */
export type LogLine = readonly [position: number, id: string, stream: string, version: number];

/** What a handler did of one event that it was given: of a stored event, or of one part of what that became. */
export type Effect = readonly [
  consumer: string,
  position: number,
  id: string,
  shard: number,
  fence: number,
  part: number,
  reading: Reading,
  /** What it was given instead of what the id says. */
  found: string | null,
];

/** What consumers did, in the order in which they did it. */
export interface Consumed {
  readonly effects: readonly Effect[];
  readonly letters: readonly (readonly [consumer: string, position: number, state: string, errorCode?: string | null, attempts?: number])[];
  readonly totals: readonly (readonly [consumer: string, shard: number, events: number])[];
  /** Dead letters that were tried again at the very end, and what that did. Undefined where none were. */
  readonly retried?: Retried;
  /** Why a consumer could not get to the end, where one could not. */
  readonly stopped?: string;
}

/** A second chance of dead letters, by today's code and a handler that fails no more. */
export interface Retried {
  readonly positions: readonly number[];
  readonly effects: readonly Effect[];
  /** Positions of those that are letters still. */
  readonly left: readonly number[];
}

/** What the auditor of projections found, in all snapshots of a run. */
export interface Projected {
  readonly snapshots: number;
  /** How many were compared. */
  readonly documents: number;
  /** The first of them. */
  readonly differences: readonly string[];
}

/** What fresh readers with today's catalogue found, each of the whole log. */
export interface Decoded {
  readonly events: number;
  readonly wrong: readonly string[];
}

/** What became of timers. */
export interface TimersLeft {
  /** Those that did not fire, though they were given the time. */
  readonly waiting: number;
  /** Whether somebody set the server's clock meanwhile. */
  readonly clockJumped: boolean;
  /** How long before they were due some were recorded, by the server's clock, in milliseconds. */
  readonly early: readonly (readonly [id: string, ms: number])[];
}

/** What versions of projections came to that were built, swapped, rolled back and dropped. */
export interface Rebuilt {
  /** How often each was done. */
  readonly done: Readonly<Record<string, number>>;
  /** How many documents were compared, in all snapshots. */
  readonly documents: number;
  /** The first of what was wrong with them, or with what was done. */
  readonly wrong: readonly string[];
}

/** What the process came to, by its own tables and by the log. */
export interface ErrandsLeft {
  /** Instances that stood still before the code was mended, and at which input. */
  readonly parked: readonly (readonly [instance: string, at: "input" | "command", input: number])[];
  /** Why the process did not get to its end, where it did not. */
  readonly stuck?: string;
  readonly instances: readonly (readonly [
    instance: string,
    status: string,
    parked: string | null,
    inputs: number,
    handled: number,
    late: number,
    state: { readonly inputs: number; readonly digest: number },
  ])[];
  readonly inputs: readonly (readonly [instance: string, number: number, position: number])[];
  readonly commands: readonly ErrandCommand[];
  /** Inputs, and what the process wrote. */
  readonly events: readonly ErrandEvent[];
  /** Timers that have not fired. */
  readonly timers: readonly (readonly [instance: string, key: string])[];
}

export type ErrandCommand = readonly [
  instance: string,
  input: number,
  path: readonly number[],
  kind: string,
  status: string,
  /** Of a refused one: the number of the state that `orElse` was called with. */
  stateNumber: number | null,
  error: unknown,
];

export type ErrandEvent = readonly [
  position: number,
  id: string,
  stream: string,
  type: string,
  data: unknown,
  correlationId: string | null,
  causationId: string | null,
];

/** A message at the broker, in the order in which it came. */
export type Arrival = readonly [
  id: string,
  key: string,
  position: number,
  fence: number,
  /** In milliseconds, by the broker's clock. */
  at: number,
  payload?: unknown,
];

/** What relays came to. */
export interface Published {
  readonly events: readonly Arrival[];
  /** Of the outbox. */
  readonly messages: readonly Arrival[];
  /** Why a relay did not get to the end, where one did not. */
  readonly stuck?: string;
  readonly letters: readonly string[];
  /** From when until when something was broken, by the broker's clock. */
  readonly faults: readonly (readonly [from: number, until: number])[];
}

/** What the final phase found, beside the log. */
export interface FinalState {
  /** Positions that a fresh reader of the library's was given, from zero. */
  readonly read: readonly number[];
  /** Events whose content is not their id's, with what was found. */
  readonly altered: readonly (readonly [id: string, found: string])[];
  readonly highWaterMark: number;
  readonly blockers: number;
  /** What became of an update, a delete and a truncate: a SQLSTATE each, or "done". */
  readonly changes: readonly string[];
  /** Sessions at work and advisory locks that were left when every worker had gone; of sessions, what each does and waits for. */
  readonly sessions: readonly string[];
  readonly locks: readonly string[];
  /** Migrations as they stand, to be applied once each. */
  readonly migrations: readonly number[];
  /** What `store.verify()` said of the log. Undefined: an older run, which did not ask. */
  readonly verified?: { readonly events: number; readonly problems: readonly string[] };
  /** Undefined where nothing was consumed. */
  readonly consumed?: Consumed;
  /** Undefined where the log was read as it is stored alone. */
  readonly decoded?: Decoded;
  /** Undefined where nobody fired timers. */
  readonly timers?: TimersLeft;
  /** Undefined where no process ran. */
  readonly errands?: ErrandsLeft;
  /** Why nothing was published, where no relay ran. Undefined where nobody asked for one. */
  readonly published?: Published | { readonly notRun: string };
  /** Undefined where nothing was projected. */
  readonly projected?: Projected;
  /** Undefined where no version was built. */
  readonly rebuilt?: Rebuilt;
  /** Deadlocks in the server's log, each with who waited for whom, and by which statements. */
  readonly deadlocks: readonly string[];
  readonly farewells: readonly {
    readonly worker: number;
    readonly incarnation: number;
    readonly tookMs: number;
    readonly code: number | null;
    /** Sessions of the store when it was late. */
    readonly sessions?: readonly string[];
  }[];
}
