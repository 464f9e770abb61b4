/**
 * Options of `store.receive`.
 *
 * @example
 * ```ts
 * const options: ReceiveOptions = { keepMs: 30 * 24 * 60 * 60 * 1000 };
 * ```
 */
export interface ReceiveOptions {
  /**
   * How long the store keeps the message's id at least, in milliseconds, by the database's clock: 1,000 to ten years. A message that comes again
   * later can be handled again. Choose more than the longest time after which your broker can deliver a message again.
   * @defaultValue 604,800,000, which is seven days
   */
  readonly keepMs?: number;
}

/**
 * What `store.receive` came to.
 *
 * @example
 * ```ts
 * export function line(received: Received<number>): string {
 *   return received.handled ? `appended ${received.result} events` : `handled before, at ${received.receivedAt.toISOString()}`;
 * }
 * ```
 */
export type Received<T> =
  /** This call handled the message, and committed. `result` is what `work` returned. */
  | { readonly handled: true; readonly result: T }
  /** The message was handled before. `receivedAt` says when that began, by the database's clock. */
  | { readonly handled: false; readonly receivedAt: Date };
