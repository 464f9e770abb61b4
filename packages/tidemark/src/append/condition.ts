import { checkBoundary, checkBoundaryQuery } from "../arguments/boundary-query.ts";
import { checkOptions } from "../arguments/options.ts";
import { InvalidArgumentError } from "../errors/errors.ts";

/** A condition as it waits in the queue: checked, and as text. */
export interface EncodedCondition {
  /** The names of each list are joined by `\x1f`; `""` where there are none. */
  readonly items: readonly { readonly types: string; readonly tags: string }[];
  readonly after: number;
  /** How many matching events above `after` were seen. */
  readonly above: number;
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
