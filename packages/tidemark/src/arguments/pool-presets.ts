/**
 * Settings of a pool for a kind of process; docs/guides/pool-sizing.md says why each is as it is.
 *
 * - `"web"`: a server that answers requests. Fails while a user still waits, and keeps two connections open.
 * - `"worker"`: a process that runs consumers, projections and processes. Nobody waits, so it waits longer.
 * - `"serverless"`: an instance that serves one request at a time, and may be frozen in between.
 * - `"throughput"`: imports and other work in bulk. Its connections stay, with what is prepared on them.
 *
 * @example
 * ```ts
 * const preset: PoolPreset = "web";
 * ```
 */
export type PoolPreset = "web" | "worker" | "serverless" | "throughput";

/** What differs from the defaults. */
interface Preset {
  readonly max?: number;
  readonly min?: number;
  readonly connectionTimeoutMs?: number;
  readonly idleTimeoutMs?: number;
  readonly maxLifetimeMs?: number;
  readonly queryTimeoutMs?: number;
  readonly pingBeforeUse?: boolean;
}

export const presets: Readonly<Record<PoolPreset, Preset>> = {
  web: { min: 2, connectionTimeoutMs: 5_000, queryTimeoutMs: 15_000 },
  worker: { connectionTimeoutMs: 30_000, queryTimeoutMs: 120_000 },
  // A frozen process closes nothing in time, and wakes up to connections that the server has ended long ago.
  serverless: { max: 2, connectionTimeoutMs: 5_000, idleTimeoutMs: 10_000, maxLifetimeMs: 300_000, queryTimeoutMs: 15_000, pingBeforeUse: true },
  throughput: { max: 20, min: 8, maxLifetimeMs: 0, queryTimeoutMs: 120_000 },
};
