import { isRecord } from "../arguments/options.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";

/**
 * What `decide` returned, if it is a list of events, or of parts of an append. Otherwise `evolve` would fail at it, or the append, with an
 * error that names neither.
 */
export function checkDecision<T>(decision: readonly T[], path = "decide"): readonly T[] {
  if (!Array.isArray(decision))
    throw new InvalidArgumentError(path, `must return an array of events, not ${describeValue(decision)}; return [] if nothing changes`);
  // `Array.from` visits holes, which a comma too many or `delete` leaves.
  return Array.from(decision, (item: T, index) => {
    if (isRecord(item)) return item;
    throw new InvalidArgumentError(
      `${path}[${index}]`,
      `is ${index in decision ? describeValue(item) : "a hole"}; every item must be an event: { type, data }`,
    );
  });
}
