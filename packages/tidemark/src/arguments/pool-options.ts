import type { DriverClient } from "../model/driver.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { checkBoolean, oneOf, wholeNumber } from "./checks.ts";
import { checkOptions, isRecord } from "./options.ts";
import { describeValue } from "./describe-value.ts";
import { type PoolPreset, presets } from "./pool-presets.ts";

/**
 * Settings of the store's own pool.
 *
 * @example
 * ```ts
 * const pool: PoolSettings = { preset: "web", max: 20 };
 * ```
 */
export interface PoolSettings {
  /** Settings for a kind of process; each that you give beside it goes before the preset's. @defaultValue the defaults below */
  readonly preset?: PoolPreset;
  /** The most connections, 1 to 10,000. @defaultValue 10 */
  readonly max?: number;
  /** Connections kept open when nothing runs, 0 to `max`. @defaultValue 0 */
  readonly min?: number;
  /** Milliseconds a call waits for a connection, at most 2,147,483,647; 0: for ever. Beyond: `PoolTimeoutError` or `ConnectionError`. @defaultValue 10,000 */
  readonly connectionTimeoutMs?: number;
  /** Milliseconds after which an idle connection closes; 0: never. @defaultValue 600,000 */
  readonly idleTimeoutMs?: number;
  /** Milliseconds after which a connection is replaced; 0: never. @defaultValue 1,800,000 */
  readonly maxLifetimeMs?: number;
  /** Milliseconds a statement may take; 0: no bound. @defaultValue 30,000 */
  readonly queryTimeoutMs?: number;
  /** Whether to check that a connection is alive before each use. @defaultValue false */
  readonly pingBeforeUse?: boolean;
}

export type ValidPoolSettings = Required<Omit<PoolSettings, "preset">>;

/**
 * What the store needs of a `pg.Pool`.
 *
 * @example
 * ```ts
 * const options: StoreOptions = { pool: new pg.Pool({ max: 5 }) satisfies PgPool };
 * ```
 */
export interface PgPool extends DriverClient {
  connect(): Promise<{ query: unknown; release: unknown }>;
  readonly totalCount: number;
}

/** What the store recognises a `PGlite` by. */
export interface PGliteInstance {
  readonly waitReady: Promise<void>;
  query: unknown;
  exec: unknown;
}

/** setTimeout takes no more: it would fire at once. */
const mostMs = 2_147_483_647;
const shape = {
  preset: oneOf("web", "worker", "serverless", "throughput"),
  max: wholeNumber(1, 10_000),
  min: wholeNumber(0, 10_000),
  connectionTimeoutMs: wholeNumber(0, mostMs),
  idleTimeoutMs: wholeNumber(0, mostMs),
  maxLifetimeMs: wholeNumber(0, mostMs),
  queryTimeoutMs: wholeNumber(0, mostMs),
  pingBeforeUse: checkBoolean,
};
/** What pg calls the parts of a URL and what else belongs to one connection. */
const ofConnections = ["connectionString", "host", "port", "user", "password", "database", "ssl"];
const defaults: ValidPoolSettings = {
  max: 10,
  min: 0,
  connectionTimeoutMs: 10_000,
  idleTimeoutMs: 600_000,
  maxLifetimeMs: 1_800_000,
  queryTimeoutMs: 30_000,
  pingBeforeUse: false,
};

export function isPGlite(value: unknown): value is PGliteInstance {
  return isRecord(value) && "waitReady" in value && typeof value["query"] === "function" && typeof value["exec"] === "function";
}

export function isPgPool(value: unknown): value is PgPool {
  return isRecord(value) && typeof value["connect"] === "function" && typeof value["totalCount"] === "number";
}

/** The option `pool`: settings, or an object of a driver, which passes through. */
export function checkPool(value: unknown, path: string): { readonly pool: ValidPoolSettings; readonly givenPool: PgPool | PGliteInstance | undefined } {
  if (isPGlite(value) || isPgPool(value)) return { pool: defaults, givenPool: value };
  if (isRecord(value) && (typeof value["query"] === "function" || typeof value["connect"] === "function")) {
    throw new InvalidArgumentError(
      path,
      `must be settings, a pg.Pool or a PGlite, not ${describeValue(value)}; a single client cannot serve a store, so pass a pool`,
    );
  }
  for (const key of ofConnections) {
    if (isRecord(value) && value[key] !== undefined)
      throw new InvalidArgumentError(`${path}.${key}`, "is not a setting here: write it into the URL, the first argument, or pass a pg.Pool of your own");
  }
  const { preset, ...given } = checkOptions(value, shape, path);
  const before: ValidPoolSettings = { ...defaults, ...(preset && presets[preset]) };
  // A preset's minimum follows a maximum of the caller's.
  const pool = { ...before, min: Math.min(before.min, given.max ?? before.max), ...given };
  if (pool.min > pool.max) throw new InvalidArgumentError(`${path}.min`, `is ${pool.min}, more than ${path}.max, ${pool.max}`);
  return { pool, givenPool: undefined };
}
