import { checkSignal, notYet } from "../arguments/checks.ts";
import { checkExpectedVersion } from "../arguments/expected-version.ts";
import { checkStreamId } from "../arguments/names.ts";
import { checkOptions } from "../arguments/options.ts";
import type { AppendOptions, ConditionalAppendOptions } from "./types.ts";

const appendShape = { expectedVersion: checkExpectedVersion, signal: checkSignal };
const appendToStreamsShape = { signal: checkSignal };
const conditionalShape = {
  streamId: checkStreamId,
  signal: checkSignal,
  condition: notYet("appends are checked by expectedVersion only"),
};

/** Options of `appendToStream`. */
export function checkAppendOptions(options: unknown): AppendOptions {
  return checkOptions(options, appendShape);
}

/** Options of `appendToStreams`; expectations stand in its parts. */
export function checkAppendToStreamsOptions(options: unknown): { readonly signal?: AbortSignal } {
  return checkOptions(options, appendToStreamsShape);
}

/** Options of `append`. */
export function checkConditionalAppendOptions(options: unknown): ConditionalAppendOptions {
  return checkOptions(options, conditionalShape);
}
