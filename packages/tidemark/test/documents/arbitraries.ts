import fc from "fast-check";
import type { Condition } from "./reference.ts";

/** Documents and questions in which much is nearly equal: chance would seldom let two long texts begin alike. */

const prefix = "ä".repeat(150);
const numbers = [0, 1, -1, 9, 10, 11, 1.5, -1.5, 100, 1e21, -1e21, 1e-7, 5e-324, -5e-324, Number.MAX_VALUE, -Number.MAX_VALUE, Number.MAX_SAFE_INTEGER];
const texts = [
  "",
  "a",
  "A",
  "b",
  "B",
  "é",
  "z",
  "10",
  "9",
  "\u{1f600}",
  "\ue000",
  "\uffff",
  `it's "x"`,
  "back\\slash",
  "{a,b}",
  "null",
  "a\tb\u0001",
  "%",
  prefix,
  `${prefix}a`,
  `${prefix}b`,
  `${prefix}\u0001`,
  `${prefix}${"x".repeat(900)}`,
];
const dates = [
  "2026-01-01",
  "2026-01-01T00:00:00Z",
  "2026-01-01T00:00:00.000Z",
  "2026-01-01T01:00+01:00",
  "2025-12-31T23:30:00-00:30",
  "2026-01-01T00:00:00.0009Z",
  "2026-01-01T00:00",
  "2026-01-02T03:04:05.678Z",
  "2026-01-02T02:04:05.678+23:59",
  "2026-02-30",
  "2026-03-02T00:00Z",
  "0001-01-01",
  "9999-12-31T23:59:59.999Z",
  "2026-13-01",
  "2026-01-01T25:00Z",
  "0000-01-01",
  "2026-01-01 00:00:00Z",
];
const scalars = [null, true, false, ...numbers, ...texts, ...dates];
const keys = ["a", "b", "a.b", `q"uote`, "it's", "back\\slash", "ü\u{1f600}", "0", "constructor", "AND then"];

const scalar = fc.constantFrom<unknown>(...scalars);
const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    { arbitrary: scalar, weight: 6 },
    { arbitrary: fc.array(tie("value"), { maxLength: 3 }), weight: 1 },
    { arbitrary: tie("object"), weight: 3 },
  ),
  object: fc.dictionary(fc.constantFrom(...keys), tie("value"), { maxKeys: 4, noNullPrototype: true }),
})).value;

export const document: fc.Arbitrary<Readonly<Record<string, unknown>>> = fc.dictionary(fc.constantFrom(...keys), value, {
  minKeys: 4,
  maxKeys: 10,
  noNullPrototype: true,
});

const step = fc.constantFrom(...keys).map((key) => key.replaceAll(/[.\\]/g, String.raw`\$&`));
const path = fc.oneof(
  { arbitrary: step, weight: 4 },
  fc.array(step, { minLength: 2, maxLength: 3 }).map((steps) => steps.join(".")),
);

const moment = fc
  .constantFrom("2026-01-01T00:00:00Z", "2026-01-02T03:04:05.678Z", "2026-03-02T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z")
  .map((text) => new Date(text));
const asked = fc.oneof({ arbitrary: scalar, weight: 4 }, { arbitrary: value, weight: 2 }, { arbitrary: moment, weight: 1 });
const ranged = fc.oneof(fc.constantFrom(...numbers, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY), fc.constantFrom(...texts, ...dates), moment);
const several = fc.array(asked, { maxLength: 4 });

export const operators: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  eq: asked,
  ne: asked,
  in: several,
  notIn: several,
  gt: ranged,
  gte: ranged,
  lt: ranged,
  lte: ranged,
  contains: value,
  exists: fc.boolean(),
};

/** One question, asked with one operator. */
export function asking(operator: string): fc.Arbitrary<Condition> {
  return fc.tuple(path, operators[operator] ?? asked).map(([at, operand]) => ({ [at]: { [operator]: operand } }));
}

const one = fc.oneof(
  ...Object.keys(operators).map(asking),
  fc.tuple(path, fc.oneof(scalar, moment)).map(([at, literal]) => ({ [at]: literal })),
);

/** Questions of every operator, joined in every way. */
export const where: fc.Arbitrary<Condition> = fc.letrec<{ where: Condition }>((tie) => ({
  where: fc.oneof(
    { maxDepth: 2 },
    { arbitrary: one, weight: 4 },
    fc.tuple(one, one).map(([first, second]) => ({ ...first, ...second })),
    fc.array(tie("where"), { maxLength: 3 }).map((parts) => ({ AND: parts })),
    fc.array(tie("where"), { maxLength: 3 }).map((parts) => ({ OR: parts })),
    tie("where").map((part) => ({ NOT: part })),
  ),
})).where;

export const orderBy: fc.Arbitrary<Readonly<Record<string, "asc" | "desc">>> = fc.dictionary(path, fc.constantFrom<"asc" | "desc">("asc", "desc"), {
  maxKeys: 3,
  noNullPrototype: true,
});
