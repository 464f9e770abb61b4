import { type InvalidArgumentError, isTidemarkError } from "../../src/errors/errors.ts";

/** What `work` refuses its argument with; fails when it refuses nothing or throws anything else. */
export function refusal(work: () => unknown): InvalidArgumentError {
  try {
    work();
  } catch (error) {
    if (isTidemarkError(error, "INVALID_ARGUMENT")) return error;
    throw error;
  }
  throw new Error("Nothing was refused.");
}
