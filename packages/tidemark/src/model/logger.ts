/**
 * Receives what no call can return. `console` and most logging libraries fit.
 *
 * @example
 * ```ts
 * const logger: Logger = { debug() {}, info() {}, warn: console.warn, error: console.error };
 * ```
 */
export interface Logger {
  debug(...args: unknown[]): void;
  info(...args: unknown[]): void;
  warn(...args: unknown[]): void;
  error(...args: unknown[]): void;
}
