/**
 * What every driver's client and pool has: of `pg` a `PoolClient` or a `Pool`, of PGlite a transaction or a `PGlite`. Your ORM knows
 * the rest of it.
 *
 * @example
 * ```ts
 * const driver: DriverClient = store.pool;
 * const { rows } = await driver.query("select 1 as one");
 * ```
 */
export interface DriverClient {
  query(text: string, values?: unknown[]): PromiseLike<{ readonly rows: unknown[] }>;
}
