import { AssertionError } from "node:assert";
import { shown } from "../assert-same.ts";
import { type DataSource } from "./event-data.ts";
import { importFastCheck } from "./fast-check.ts";

/** How many values of an arbitrary are tried, and from which seed. */
export interface TryOptions {
  readonly runs: number;
  readonly seed: number | undefined;
}

/** Whether the property holds. False: the value does not concern it. */
type Property = (data: unknown, isGuess: boolean) => Promise<boolean>;

/** Tries what there is, and fails with the value for which the property does not hold, made as small as fast-check can. */
export async function tryData({ list, arbitrary, isGuess = false }: DataSource, what: string, { runs, seed }: TryOptions, property: Property): Promise<void> {
  for (const data of list) {
    try {
      await property(data, false);
    } catch (error) {
      throw failure(what, data, "", error);
    }
  }
  if (!arbitrary) return;
  const fc = await importFastCheck();
  const checked = fc.asyncProperty(arbitrary, async (data) => fc.pre(await property(data, isGuess)));
  const {
    failed,
    counterexample,
    errorInstance,
    seed: used,
    counterexamplePath,
  } = await fc.check(checked, { numRuns: runs, ...(seed !== undefined && { seed }) });
  if (!failed) return;
  if (counterexample) throw failure(what, counterexample[0], ` Seed ${used}, path ${counterexamplePath ?? ""}.`, errorInstance);
  throw new AssertionError({
    message: `${what}: the schema refuses nearly all that fits its JSON Schema, so that nothing could be shown. Give data that it accepts, in data.`,
    operator: "catalogueContract",
  });
}

function failure(what: string, data: unknown, where: string, cause: unknown): Error {
  const problem = cause instanceof Error ? cause.message : String(cause);
  const error = new AssertionError({ message: `${what} does not hold for ${shown([data])}: ${problem}.${where}`, operator: "catalogueContract" });
  return Object.assign(error, { cause });
}
