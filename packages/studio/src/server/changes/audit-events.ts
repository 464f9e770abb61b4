import { event, type StandardSchema } from "tidemark";

/**
 * A change that somebody confirmed, written before it is made.
 *
 * @example
 * ```ts
 * const requested: StudioChangeRequested = {
 *   change: "pause",
 *   title: "Pause the consumer mailer",
 *   parameters: { kind: "consumer", name: "mailer" },
 *   role: "operator",
 *   attempt: "0f0c6a5e-6d0a-4d2e-9a52-8a8f0a3cf1c7",
 * };
 * ```
 */
export interface StudioChangeRequested {
  readonly change: string;
  readonly title: string;
  readonly parameters: object;
  readonly role: string;
  /** Tells two requests with one id apart, of which the second is refused. */
  readonly attempt: string;
}

/**
 * A change that was made.
 *
 * @example
 * ```ts
 * const made: StudioChangeMade = { request: "0f0c6a5e-6d0a-4d2e-9a52-8a8f0a3cf1c7" };
 * ```
 */
export interface StudioChangeMade {
  /** The id of the event `StudioChangeRequested`. */
  readonly request: string;
}

/**
 * A change that was not made, or only in part.
 *
 * @example
 * ```ts
 * const failed: StudioChangeFailed = { request: "0f0c6a5e-6d0a-4d2e-9a52-8a8f0a3cf1c7", error: "The worker took it meanwhile." };
 * ```
 */
export interface StudioChangeFailed {
  /** The id of the event `StudioChangeRequested`. */
  readonly request: string;
  readonly error: string;
}

/**
 * The events of the audit, which the studio writes to the stream `tidemark.studio` when somebody changes something. A store with a catalogue takes
 * only what its catalogue knows: add them to it.
 *
 * @example
 * ```ts
 * const events = defineEvents({ ...studioEvents, ItemAdded: event<{ sku: string }>() });
 * ```
 */
export const studioEvents: {
  readonly StudioChangeRequested: StandardSchema<StudioChangeRequested>;
  readonly StudioChangeMade: StandardSchema<StudioChangeMade>;
  readonly StudioChangeFailed: StandardSchema<StudioChangeFailed>;
} = {
  StudioChangeRequested: event<StudioChangeRequested>(),
  StudioChangeMade: event<StudioChangeMade>(),
  StudioChangeFailed: event<StudioChangeFailed>(),
};

/** Its name has no hyphen: it is a category of its own. */
export const auditStream = "tidemark.studio";
