/** The message of an error with that of its cause, which says what was wrong in a step of the user's. */
export function messageWithCause(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} Cause: ${error.cause.message}` : error.message;
}
