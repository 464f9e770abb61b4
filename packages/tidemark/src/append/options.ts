import { checkFunction, checkSignal } from "../arguments/checks.ts";
import { checkExpectedVersion } from "../arguments/expected-version.ts";
import { checkStreamId } from "../arguments/names.ts";
import { checkOptions } from "../arguments/options.ts";
import { checkCondition, type EncodedCondition } from "./condition.ts";
import type { RecordedEvent } from "../model/event.ts";
import type { AppendOptions, AppendToStreamsOptions, ConditionalAppendOptions } from "./types.ts";

const appendToStreamsShape = { signal: checkSignal, onRecorded: checkFunction<(events: readonly RecordedEvent[]) => void> };
const appendShape = { ...appendToStreamsShape, expectedVersion: checkExpectedVersion };
const conditionalShape = {
  ...appendToStreamsShape,
  streamId: checkStreamId,
  condition: checkCondition,
};

/** Options of `appendToStream`. */
export function checkAppendOptions(options: unknown): AppendOptions {
  return checkOptions(options, appendShape);
}

/** Options of `appendToStreams`; expectations stand in its parts. */
export function checkAppendToStreamsOptions(options: unknown): AppendToStreamsOptions {
  return checkOptions(options, appendToStreamsShape);
}

/** Options of `append`, with the condition as it is sent. */
export interface ValidConditionalAppendOptions extends Omit<ConditionalAppendOptions, "condition"> {
  readonly condition?: EncodedCondition;
}

export function checkConditionalAppendOptions(options: unknown): ValidConditionalAppendOptions {
  return checkOptions(options, conditionalShape);
}
