import type { RecordedEvent } from "../model/event.ts";

/**
 * A message on its way out, as a sink gets it.
 *
 * @example
 * ```ts
 * export function describeMessage({ id, key, body }: OutgoingMessage): string {
 *   return `${id} of ${key}: ${body.byteLength} bytes`;
 * }
 * ```
 */
export interface OutgoingMessage {
  /** The event's id, by which a receiver recognises what it got before. `<id>/<part>` if the event became several. */
  readonly id: string;
  /** Messages with the same key are delivered in order. */
  readonly key: string;
  /** Its media type. */
  readonly contentType: string;
  /**
   * `tidemark-event-id`, `tidemark-position`, `tidemark-schema-version`, `tidemark-fence`, `traceparent` and `tracestate` if the event's
   * metadata has them, and those that `map` added. Names are in lower case. Printable ASCII.
   */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** What it was made of, for a sink that chooses a topic. */
  readonly event: RecordedEvent;
}

/**
 * Where a relay publishes. Tidemark has one for each broker; write your own for others, and check it with `sinkContract` of
 * `tidemark/testing`.
 *
 * A relay calls `publish` for many messages at once, but for one message of a key at a time. A sink connects at its first message, and
 * again after a connection was lost.
 *
 * @example
 * ```ts
 * const published: OutgoingMessage[] = [];
 * const memory: Sink = { name: "memory", publish: async (message) => void published.push(message), close: async () => {} };
 * ```
 */
export interface Sink {
  /** What errors call it. */
  readonly name: string;
  /**
   * The key of messages if a relay names none.
   * @defaultValue the event's `streamId`
   */
  readonly key?: (event: RecordedEvent) => string;
  /**
   * Resolves once the broker has acknowledged the message: from then on it must survive whatever the broker survives.
   *
   * Rejects with `MessageRefusedError` if the broker will never take this message: it is parked. Rejects with
   * `DestinationUnavailableError` if its destination alone is away: it is tried again a few times, and then parked. Any other error means
   * that nothing can be delivered now: the relay holds, and tries again.
   *
   * @param call - `signal` aborts once nobody waits for the message any more.
   */
  publish(message: OutgoingMessage, call: { readonly signal: AbortSignal }): Promise<void>;
  /** Waits for what is being published, and lets go of the connection. A later `publish` connects again. */
  close(): Promise<void>;
}
