/** How the store's own pool of connections behaves. Times are milliseconds. */
export interface PoolSettings {
  /** The most connections that are open at once, 1 or more. @defaultValue 10 */
  readonly max?: number;
  /** Connections that stay open however long they are idle; they open as they are needed. @defaultValue 0 */
  readonly min?: number;
  /** How long a call waits for a connection, free or new, before it fails with nothing sent. 0: for ever. @defaultValue 10,000 */
  readonly connectionTimeoutMs?: number;
  /** An idle connection beyond `min` is closed after this. 0: never. @defaultValue 600,000 */
  readonly idleTimeoutMs?: number;
  /** A connection older than this is closed when it is next idle, so that a moved server is noticed. 0: never. @defaultValue 1,800,000 */
  readonly maxLifetimeMs?: number;
  /** A statement that takes longer is cancelled on the server. 0: never. @defaultValue 30,000 */
  readonly queryTimeoutMs?: number;
  /** Sends `select 1` to a connection that was idle and replaces a dead one: one round trip more for each call. @defaultValue false */
  readonly pingBeforeUse?: boolean;
}
