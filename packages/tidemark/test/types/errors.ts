import {
  isTidemarkError,
  type ExpectedVersion,
  type OutcomeUnknownError,
  type TidemarkError,
  type TimerFailedError,
  type VersionConflictError,
} from "tidemark";
import { same } from "./cart.ts";

export function explain(error: unknown): string {
  if (isTidemarkError(error, "VERSION_CONFLICT")) {
    same<VersionConflictError>()(error);
    same<"VERSION_CONFLICT">()(error.code);
    same<ExpectedVersion>()(error.expected);
    same<number>()(error.actual);
    return error.conflicts.map(({ streamId, actual }) => `${streamId} ${actual}`).join();
  }
  if (isTidemarkError(error, "OUTCOME_UNKNOWN")) {
    same<OutcomeUnknownError>()(error);
    return error.eventIds.join();
  }
  if (isTidemarkError(error, "TIMER_FAILED")) {
    same<TimerFailedError>()(error);
    return `${error.key} ${error.attempts}`;
  }
  if (isTidemarkError(error)) {
    same<TidemarkError>()(error);
    same<boolean>()(error.retryable);
    return error.code;
  }
  same<unknown>()(error);
  return String(error);
}

// @ts-expect-error -- no such code
isTidemarkError(new Error(), "VERSION_CONFLICTS");
