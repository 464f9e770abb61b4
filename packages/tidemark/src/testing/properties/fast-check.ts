import type { Arbitrary, default as fastCheck } from "fast-check";
import { MissingDependencyError } from "../../errors/opening.ts";

/** The package, as it is imported. */
export type FastCheck = typeof fastCheck;

/** @throws {@link MissingDependencyError} */
export async function importFastCheck(): Promise<FastCheck> {
  try {
    return (await import("fast-check")).default;
  } catch (error) {
    throw new MissingDependencyError("fast-check", "Data for property tests", { cause: error });
  }
}

/** Whether a value is an arbitrary of fast-check, of whichever copy. */
export function isArbitrary(value: unknown): value is Arbitrary<unknown> {
  if (typeof value !== "object" || value === null) return false;
  return ["generate", "shrink", "canShrinkWithoutContext"].every((name) => typeof Reflect.get(value, name) === "function");
}
