import { checkSignal } from "../arguments/checks.ts";
import { checkExpectedVersion } from "../arguments/expected-version.ts";
import { checkStreamId } from "../arguments/names.ts";
import { checkOptions } from "../arguments/options.ts";
import { checkCondition, type EncodedCondition } from "./condition.ts";
import type { AppendOptions, ConditionalAppendOptions } from "./types.ts";

const appendShape = { expectedVersion: checkExpectedVersion, signal: checkSignal };
const appendToStreamsShape = { signal: checkSignal };
const conditionalShape = {
  streamId: checkStreamId,
  signal: checkSignal,
  condition: checkCondition,
};

/** Options of `appendToStream`. */
export function checkAppendOptions(options: unknown): AppendOptions {
  return checkOptions(options, appendShape);
}

/** Options of `appendToStreams`; expectations stand in its parts. */
export function checkAppendToStreamsOptions(options: unknown): { readonly signal?: AbortSignal } {
  return checkOptions(options, appendToStreamsShape);
}

/** Options of `append`, with the condition as it is sent. */
export interface ValidConditionalAppendOptions extends Omit<ConditionalAppendOptions, "condition"> {
  readonly condition?: EncodedCondition;
}

export function checkConditionalAppendOptions(options: unknown): ValidConditionalAppendOptions {
  return checkOptions(options, conditionalShape);
}
