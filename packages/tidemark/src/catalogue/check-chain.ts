import { checkFunction } from "../arguments/checks.ts";
import { describeValue, quoteStep } from "../arguments/describe-value.ts";
import { isRecord } from "../arguments/options.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { EventStep } from "./definition.ts";

/** The steps to the newest version: exactly one for each older version. */
export function checkUpcasts(value: unknown, newest: number, path: string): ReadonlyMap<number, EventStep> {
  const steps = value === undefined ? new Map<number, EventStep>() : checkSteps(value, path, "{ 1: ({ data }) => next }");
  for (const from of steps.keys()) {
    if (from < newest) continue;
    const remedy = from === newest ? `; set version to ${from + 1}, or remove the step` : "; set version, or correct the step's number";
    throw new InvalidArgumentError(`${path}${quoteStep(from)}`, `leads from version ${from} to ${from + 1}, but the newest version is ${newest}${remedy}`);
  }
  for (let from = 1; from < newest; from++) {
    if (steps.has(from)) continue;
    throw new InvalidArgumentError(path, `has no step ${from}, from version ${from} to ${from + 1}: events stored in version ${from} could not be read`);
  }
  return steps;
}

/** The steps back: from the newest version without a gap, as far as readers need them. */
export function checkDowncasts(value: unknown, newest: number, path: string): ReadonlyMap<number, EventStep> {
  const steps = value === undefined ? new Map<number, EventStep>() : checkSteps(value, path, "{ 2: ({ data }) => previous }");
  for (const from of steps.keys()) {
    const at = `${path}${quoteStep(from)}`;
    if (from === 1) throw new InvalidArgumentError(at, "leads below version 1, the first; a step n leads from version n to n - 1");
    if (from > newest) {
      throw new InvalidArgumentError(
        at,
        `leads from version ${from} to ${from - 1}, but there is no step ${from - 1} in upcast: the newest version is ${newest}`,
      );
    }
    if (from < newest && !steps.has(from + 1)) {
      throw new InvalidArgumentError(at, `is never reached: there is no step ${from + 1}, from version ${from + 1} to ${from}`);
    }
  }
  return steps;
}

function checkSteps(value: unknown, path: string, example: string): Map<number, EventStep> {
  if (!isRecord(value)) throw new InvalidArgumentError(path, `must be an object of steps by version, such as ${example}, not ${describeValue(value)}`);
  const steps = new Map<number, EventStep>();
  for (const key of Object.keys(value)) {
    if (!/^[1-9]\d{0,6}$/.test(key)) throw new InvalidArgumentError(path + quoteStep(key), `is no version: steps are numbered from 1, such as ${example}`);
    steps.set(Number(key), checkFunction<EventStep>(value[key], `${path}[${key}]`));
  }
  return steps;
}
