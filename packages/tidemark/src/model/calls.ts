/**
 * What calls take that can be ended from outside.
 *
 * @example
 * ```ts
 * const options: CallOptions = { signal: AbortSignal.timeout(5_000) };
 * ```
 */
export interface CallOptions {
  /** Ends the call, which then rejects with `signal.reason`; an append that was written already resolves. */
  readonly signal?: AbortSignal;
}

/**
 * How long to wait for what ends: options of `store.close`, `worker.stop` and `worker.run`.
 *
 * @example
 * ```ts
 * const options: StopOptions = { timeoutMs: 25_000 };
 * ```
 */
export interface StopOptions {
  /** Milliseconds, 0–2,147,483,647. What runs after that is ended by force. Each call says its default. */
  readonly timeoutMs?: number;
}

/**
 * What a statement gave, with the driver's own types.
 *
 * @example
 * ```ts
 * const { rows }: QueryResult<{ one: number }> = await store.query("select 1 as one");
 * ```
 */
export interface QueryResult<Row = Record<string, unknown>> {
  rows: Row[];
  /** The rows that were given or changed; null where the driver does not tell. */
  rowCount: number | null;
}
