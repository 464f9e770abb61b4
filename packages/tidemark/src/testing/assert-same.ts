import { AssertionError, deepStrictEqual } from "node:assert";
import { inspect } from "node:util";

/** Fails with the difference, line by line, and with `actual` and `expected`, of which test runners make a difference of their own. */
export function assertSame(actual: unknown, expected: unknown, what: string, assertion: (...args: never[]) => unknown): void {
  try {
    deepStrictEqual(actual, expected);
  } catch (error) {
    const difference = error instanceof Error ? error.message : String(error);
    // With "deepStrictEqual" as the operator some versions of Node.js would add the difference once more.
    throw new AssertionError({ message: `${what}\n${difference}`, actual, expected, operator: "scenario", stackStartFn: assertion });
  }
}

/** Values for a message. */
export function shown(values: readonly unknown[]): string {
  return values.map((value) => inspect(value, { depth: 4, breakLength: 120 })).join(", ");
}
