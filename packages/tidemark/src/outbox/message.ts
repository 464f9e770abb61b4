/**
 * A message for the outbox: `tx.publish`.
 *
 * @example
 * ```ts
 * const message: NewMessage = { topic: "mail", key: "customer-7", payload: { template: "welcome" } };
 * ```
 */
export interface NewMessage {
  /** What it is about. A relay of the outbox can publish some topics only, and a sink can choose the place by it. 1–256 bytes. */
  readonly topic: string;
  /** Messages with the same key are published in the order of their `publish` calls. 1–512 bytes. */
  readonly key: string;
  /** Anything that JSON can express, at most `limits.eventBytes`. It is the body, as JSON, unless the relay has a `map`. */
  readonly payload: unknown;
  /**
   * Printable ASCII. Names are sent in lower case. Refused are those that begin with `tidemark-`, `content-type`, and a name in two spellings.
   * @defaultValue none
   */
  readonly headers?: Readonly<Record<string, string>>;
  /** A UUID, by which a receiver recognises the message. While the outbox has one with this id, it is not published again. @defaultValue a new one */
  readonly id?: string;
}

/**
 * What `tx.publish` resolves to.
 *
 * @example
 * ```ts
 * export const line = ({ id, repeated }: PublishedMessage): string => `${id}${repeated ? " (published before)" : ""}`;
 * ```
 */
export interface PublishedMessage {
  readonly id: string;
  /** The outbox had a message with this id already, which stays as it is: nothing was written. */
  readonly repeated: boolean;
}
