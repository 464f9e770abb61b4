/** How a pool of connections behaves: validated, complete, in milliseconds; 0 is never. `arguments/pool-options.ts` says it to users. */
export interface PoolSettings {
  readonly max: number;
  /** Connections that stay open however long they are idle; they open as they are needed. */
  readonly min: number;
  readonly connectionTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** An older connection is closed when it is next idle, so that a moved server is noticed. */
  readonly maxLifetimeMs: number;
  readonly queryTimeoutMs: number;
  /** Costs one round trip a call. */
  readonly pingBeforeUse: boolean;
}
