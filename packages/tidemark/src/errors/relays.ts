import { nameErrors, type Origin, sentence, TidemarkError } from "./tidemark-error.ts";

/**
 * A broker or an endpoint will never take this message: it is too large, or there is no such topic. A sink throws it; the relay parks the
 * message as a dead letter, and later messages of its key behind it.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "MESSAGE_REFUSED")) console.error(error.sink, error.messageId);
 * ```
 */
export class MessageRefusedError extends TidemarkError {
  declare readonly code: "MESSAGE_REFUSED";
  /** The sink's name: `"rabbitmq"`. */
  readonly sink: string;
  readonly messageId: string;

  constructor(refused: { readonly sink: string; readonly messageId: string }, reason: string, origin: Origin = {}) {
    const { sink, messageId } = refused;
    super("MESSAGE_REFUSED", `${sink} refused message ${messageId}: ${sentence(reason)}`, origin);
    this.sink = sink;
    this.messageId = messageId;
  }
}

/**
 * One of several destinations of a sink does not answer, or asks to wait, while others may work. A sink throws it; the relay tries the
 * message again, as often as its `retry` says, and then parks it with later messages of its key.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "DESTINATION_UNAVAILABLE")) console.error(error.destination, error.retryAfterMs);
 * ```
 */
export class DestinationUnavailableError extends TidemarkError {
  declare readonly code: "DESTINATION_UNAVAILABLE";
  readonly sink: string;
  /** As the sink names it: an endpoint's address without credentials. */
  readonly destination: string;
  /** How long the destination asks to wait. Undefined if it did not say. */
  readonly retryAfterMs: number | undefined;

  constructor(
    unavailable: { readonly sink: string; readonly destination: string; readonly retryAfterMs?: number | undefined },
    reason: string,
    origin: Origin = {},
  ) {
    const { sink, destination, retryAfterMs } = unavailable;
    super("DESTINATION_UNAVAILABLE", `${sink} could not deliver to ${destination}: ${sentence(reason)}`, { ...origin, retryable: true });
    this.sink = sink;
    this.destination = destination;
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * A sink cannot deliver anything now: its broker is down, or acknowledges nothing. The relay holds and tries again by itself. `onError` of
 * the worker gets this error once for each outage; `store.relays.get` and `store.health` show it meanwhile.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "SINK_UNAVAILABLE")) console.error(error.relay, error.sink);
 * ```
 */
export class SinkUnavailableError extends TidemarkError {
  declare readonly code: "SINK_UNAVAILABLE";
  readonly relay: string;
  readonly sink: string;

  constructor(unavailable: { readonly relay: string; readonly sink: string }, reason: string, origin: Origin = {}) {
    const { relay, sink } = unavailable;
    super("SINK_UNAVAILABLE", `The relay ${JSON.stringify(relay)} cannot publish to ${sink}: ${sentence(reason)} It holds, and goes on by itself.`, {
      ...origin,
      retryable: true,
    });
    this.relay = relay;
    this.sink = sink;
  }
}

nameErrors({ MessageRefusedError, DestinationUnavailableError, SinkUnavailableError });
