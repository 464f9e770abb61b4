import { nameErrors, type Origin, TidemarkError } from "./tidemark-error.ts";

/**
 * The catalogue of the application has no such event type. Nothing was written.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "UNKNOWN_EVENT_TYPE")) console.error(error.type);
 * ```
 */
export class UnknownEventTypeError extends TidemarkError {
  declare readonly code: "UNKNOWN_EVENT_TYPE";
  readonly type: string;

  constructor(type: string, suggestion?: string) {
    const meant = suggestion === undefined ? "" : ` Did you mean ${JSON.stringify(suggestion)}?`;
    super("UNKNOWN_EVENT_TYPE", `The catalogue has no event type ${JSON.stringify(type)}.${meant} Add it to the catalogue, or correct the event.`);
    this.type = type;
  }
}

/**
 * The data of an event is not what the catalogue says of its type. Nothing was written.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "EVENT_VALIDATION")) console.error(error.type, error.issues);
 * ```
 */
export class EventValidationError extends TidemarkError {
  declare readonly code: "EVENT_VALIDATION";
  readonly type: string;
  /** What the schema found wrong, each with its path. */
  readonly issues: readonly { readonly path: string; readonly message: string }[];

  constructor(type: string, issues: readonly { readonly path: string; readonly message: string }[], origin: Origin = {}) {
    super(
      "EVENT_VALIDATION",
      `The data of an event of type ${JSON.stringify(type)} does not fit its schema: ${issues.map(({ path, message }) => `${path}: ${message}`).join("; ")}. Nothing was written.`,
      origin,
    );
    this.type = type;
    this.issues = issues;
  }
}

nameErrors({ UnknownEventTypeError, EventValidationError });
