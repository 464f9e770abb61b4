import { quoteStep, quoteText } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { EventShape, RetiredShape } from "./event-shape.ts";

/**
 * Refuses types that become each other in a circle, as far as `becomes` tells. A type whose steps make newer versions of itself is no
 * circle; the decoder sees to it that they are newer.
 */
export function refuseCircles(shapes: ReadonlyMap<string, EventShape>, retired: ReadonlyMap<string, RetiredShape>): void {
  const next = (type: string): Iterable<string> => retired.get(type)?.becomes ?? shapes.get(type)?.becomes ?? [];
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (type: string): void => {
    if (done.has(type)) return;
    const start = trail.indexOf(type);
    if (start !== -1) throw circle([...trail.slice(start), type], retired);
    trail.push(type);
    for (const other of next(type)) {
      if (other !== type || retired.has(type)) visit(other);
    }
    trail.pop();
    done.add(type);
  };
  for (const type of [...retired.keys(), ...shapes.keys()]) visit(type);
}

function circle(types: readonly string[], retired: ReadonlyMap<string, RetiredShape>): InvalidArgumentError {
  const [first = ""] = types;
  const path = `definitions${quoteStep(first)}${retired.has(first) ? ".options.becomes" : ".becomes"}`;
  return new InvalidArgumentError(path, `leads in a circle: ${types.map(quoteText).join(" becomes ")}`);
}
