import type { Code } from "../shapes/code.ts";

/** What a worker process is told on its command line, as JSON. */
export interface Orders {
  readonly seed: number;
  /** Which worker, from 1, and how often it was started before. */
  readonly worker: number;
  readonly code: Code;
  readonly incarnation: number;
  readonly url: string;
  readonly schema: string;
  /** What relays publish to; undefined: no relay runs. */
  readonly broker?: string | undefined;
  readonly history: string;
  /** The history of the process whose place this one takes; its unfinished appends are sent again. */
  readonly predecessor: string | undefined;
  /** Loops that each run one operation after the other. */
  readonly clients: number;
  readonly followers: number;
  /** What the loops do; undefined: everything. */
  readonly operations?: readonly string[] | undefined;
  readonly queryTimeoutMs: number;
  /** Events that this process appends a second, at most. */
  readonly eventsPerSecond: number;
}
