import type { Version } from "@tidemark/servers";
/** How much a run has to do before it counts. */
export interface Plan {
  readonly seed: number;
  readonly version: Version;
  readonly seconds: number;
  readonly faults: number;
  /** Acknowledged events. */
  readonly events: number;
  readonly workers: number;
  /** A synchronous replica, to fail over to. */
  readonly replica: boolean;
  readonly only: readonly string[] | undefined;
  /** Undefined: all. */
  readonly operations: readonly string[] | undefined;
  /** Megabytes of the file system that holds the server. */
  readonly diskMegabytes: number;
}
