import { nameErrors, type Origin, TidemarkError } from "./tidemark-error.ts";

/**
 * An HTTP request cannot be served as it is: a header or its body is wrong, too large or missing. Nothing was written.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "REQUEST_REFUSED")) console.error(error.status, error.message);
 * ```
 */
export class RequestRefusedError extends TidemarkError {
  declare readonly code: "REQUEST_REFUSED";
  /** The HTTP status that says why: 400, 404, 405, 413, 415, 428 … */
  readonly status: number;

  constructor(status: number, message: string, origin: Origin = {}) {
    super("REQUEST_REFUSED", message, origin);
    this.status = status;
  }
}

nameErrors({ RequestRefusedError });
