import { checkBoundary, checkBoundaryQuery, maxTypes } from "../arguments/boundary-query.ts";
import { checkOptions } from "../arguments/options.ts";
import type { EventCodec } from "../catalogue/event-codec.ts";
import { InvalidArgumentError } from "../errors/errors.ts";

/** A condition as it waits in the queue: checked, and as text. */
export interface EncodedCondition {
  /** The names of each list are joined by `\x1f`; `""` where there are none. */
  readonly items: readonly { readonly types: string; readonly tags: string }[];
  readonly after: number;
  /** How many matching events above `after` were seen. */
  readonly above: number;
}

/**
 * The condition for what is stored: with the types of which an event of its types can have been made. So it meets the events of a process
 * whose catalogue still has these names.
 *
 * @throws {@link InvalidArgumentError} — these are more types than a condition can lock.
 */
export function widenCondition(condition: EncodedCondition, codec: Pick<EventCodec, "storedTypes">, path: string): EncodedCondition {
  let count = 0;
  const items = condition.items.map(({ types, tags }) => {
    const stored = types === "" ? [] : codec.storedTypes(types.split("\x1f"));
    count += stored.length;
    return { types: stored.join("\x1f"), tags };
  });
  if (count > maxTypes) {
    throw new InvalidArgumentError(
      `${path}.query`,
      `has ${count} types, with the retired ones that became them; a condition takes at most ${maxTypes}. Name tags instead of types`,
    );
  }
  return { ...condition, items };
}

const shape = { query: checkBoundaryQuery, after: checkBoundary };

/** The option `condition`. */
export function checkCondition(value: unknown, path: string): EncodedCondition {
  const { query, after = { mark: 0, above: 0 } } = checkOptions(value, shape, path);
  if (query === undefined)
    throw new InvalidArgumentError(`${path}.query`, 'is missing; name the events that may not be there, such as [{ tags: ["course:c1"] }]');
  return {
    items: query.map(({ types = [], tags = [] }) => ({ types: types.join("\x1f"), tags: tags.join("\x1f") })),
    after: after.mark,
    above: after.above,
  };
}
