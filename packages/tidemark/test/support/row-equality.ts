import { expect } from "vitest";
import { TextRow } from "../../src/database/text-row.ts";

/** Rows have their columns from their class. Tests compare them with objects that have the same columns. */
function columnsOf(value: unknown): unknown {
  if (!(value instanceof TextRow)) return value;
  const columns: Record<string, unknown> = {};
  for (const column in value) columns[column] = Reflect.get(value, column);
  return columns;
}

/** Vitest keeps testers for the process, and runs this file before each file of tests: hundreds of them would be asked about every value. */
const added = Symbol.for("tidemark.equalRows");

if (!Reflect.has(globalThis, added)) {
  Reflect.set(globalThis, added, true);
  expect.addEqualityTesters([
    function equalRows(left, right, testers) {
      if (!(left instanceof TextRow || right instanceof TextRow)) return undefined;
      return this.equals(columnsOf(left), columnsOf(right), testers);
    },
  ]);
}
