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
  /** Sessions and advisory locks that were left when every worker had gone. */
  readonly sessions: number;
  readonly locks: number;
  /** Migrations as they stand, to be applied once each. */
  readonly migrations: readonly number[];
  /** Undefined where nothing was consumed. */
  readonly consumed?: Consumed;
  /** Undefined where the log was read as it is stored alone. */
  readonly decoded?: Decoded;
  /** Undefined where nobody fired timers. */
  readonly timers?: TimersLeft;
  /** Undefined where nothing was projected. */
  readonly projected?: Projected;
  /** Deadlocks in the server's log. */
  readonly deadlocks: number;
  readonly farewells: readonly { readonly worker: number; readonly incarnation: number; readonly tookMs: number; readonly code: number | null }[];
}
