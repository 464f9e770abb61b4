import type { ValidPoolSettings } from "../arguments/pool-options.ts";
import type { Logger } from "../model/logger.ts";
import type { PgClient, PgNotice, PgPool, PgProtocol } from "./pg-client.ts";
import { lendFrom, type PgConnections } from "./pg-pool.ts";

/** What a `pg.Pool` has beyond the contract: with it, connections like the pool's can be opened beside it. */
export interface ConfiguredPool extends PgPool {
  readonly options: PgConfig;
  readonly constructor: new (config: PgConfig) => PgPool & { end(): Promise<void> };
  readonly Client: new (config: PgConfig) => ListeningClient;
}

/** A client of one's own, outside of a pool. */
export interface ListeningClient extends PgClient {
  connect(): Promise<unknown>;
  ref(): void;
  unref(): void;
  readonly connection: PgProtocol & { readonly stream: { destroy(): void } };
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "notice", listener: (notice: PgNotice) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  on(event: "notification", listener: (message: { readonly payload?: string | undefined }) => void): unknown;
}

export interface PgConfig {
  readonly [option: string]: unknown;
  readonly password?: unknown;
}

/** Leases and wake-ups are short and few; more connections would only count against the server's limit. */
const maxBeside = 2;

/** Those, and one that listens. */
export function mostBeside(pool: PgPool): number {
  return isConfigured(pool) ? maxBeside + 1 : 0;
}

/**
 * Connections like the pool's, apart from it; undefined where a pool does not say how it connects.
 *
 * @param max - The most at once.
 */
export function lendBeside(pool: PgPool, settings: ValidPoolSettings, logger: Logger, max: number = maxBeside): PgConnections | undefined {
  if (!isConfigured(pool)) return undefined;
  // Nor do these keep a process that has nothing else to do, whatever the pool's own do.
  const beside = new pool.constructor({ ...configOf(pool, "tidemark side"), max, min: 0, allowExitOnIdle: true });
  return lendFrom(beside, settings, logger, () => beside.end());
}

/**
 * How a pool connects, for another connection like its own. A pool hides its password from those who copy its options.
 *
 * @param name - what `pg_stat_activity` calls it, unless the pool's connections have a name that the application gave them
 */
export function configOf({ options }: ConfiguredPool, name: string): PgConfig {
  return { ...options, fallback_application_name: name, ...("password" in options && { password: options.password }) };
}

export function isConfigured(pool: PgPool): pool is ConfiguredPool {
  return "options" in pool && typeof pool.options === "object" && pool.options !== null && "Client" in pool && typeof pool.Client === "function";
}
