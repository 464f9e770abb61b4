import { checkBoolean, checkDate } from "../arguments/checks.ts";
import { encodeJson } from "../arguments/json.ts";
import { isRecord, unknownKey } from "../arguments/options.ts";
import { describeValue, quoteStep } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { allOf, anyOf, type Comparison, type Operand, PathConditions } from "./condition-sql.ts";
import { parsePath } from "./document-path.ts";
import type { Parameters } from "./parameters.ts";

const mostLevels = 32;
/** Of the conditions and of the values that are sent one by one. PostgreSQL takes 65,535 values, and plans this many in a second. */
const mostParts = 10_000;
const mostListed = 100_000;
const operators = ["eq", "ne", "in", "notIn", "gt", "gte", "lt", "lte", "contains", "exists"] as const;
const comparisons: Readonly<Record<string, Comparison>> = { gt: ">", gte: ">=", lt: "<", lte: "<=" };

/**
 * A condition on row `d` that says what a `where` says, with all its values as parameters.
 *
 * @throws {@link InvalidArgumentError} — an operator that does not exist, a value that cannot be compared with, or a key that
 * is no path. `path` tells where it stands.
 */
export function whereSql(where: unknown, path: string, schema: string, parameters: Parameters): string {
  const sql = group(where, path, { schema, parameters, level: 1 });
  const parts = parameters.conditions + parameters.values.length;
  if (parts > mostParts) {
    throw new InvalidArgumentError(
      path,
      `has ${parts} conditions and values; at most ${mostParts} are allowed. Numbers, booleans and texts below 150 characters in one { in: […] } count as one; Dates count as three each`,
    );
  }
  return sql;
}

interface Place {
  readonly schema: string;
  readonly parameters: Parameters;
  readonly level: number;
}

function group(where: unknown, path: string, place: Place): string {
  if (!isRecord(where) || where instanceof Date) throw new InvalidArgumentError(path, `must be an object of paths and conditions, not ${describeValue(where)}`);
  if (place.level > mostLevels) throw new InvalidArgumentError(path, `is more than ${mostLevels} levels deep`);
  const inner = { ...place, level: place.level + 1 };
  return allOf(
    Object.keys(where).map((key) => {
      const asked = where[key];
      const at = path + quoteStep(key);
      // A misspelt variable would otherwise let every document through.
      if (asked === undefined) throw new InvalidArgumentError(at, "is undefined; leave the key out to ask nothing, or write { exists: false }");
      if (key === "AND") return allOf(groups(asked, at, inner));
      if (key === "OR") return anyOf(groups(asked, at, inner));
      if (key === "NOT") return `not ${group(asked, at, inner)}`;
      return conditions(asked, at, new PathConditions(place.schema, parsePath(key, at), place.parameters));
    }),
  );
}

function groups(value: unknown, path: string, place: Place): string[] {
  if (!Array.isArray(value)) throw new InvalidArgumentError(path, `must be an array of conditions, not ${describeValue(value)}`);
  return Array.from(value, (item: unknown, index) => group(item, `${path}[${index}]`, place));
}

function conditions(asked: unknown, path: string, at: PathConditions): string {
  if (!isRecord(asked) || asked instanceof Date) {
    if (Array.isArray(asked))
      throw new InvalidArgumentError(
        path,
        "is an array; write { eq: […] } for exactly this one, { in: […] } for one of these, { contains: […] } for all of these",
      );
    at.count();
    return at.equals(operandOf(asked, path));
  }
  const given = Object.keys(asked);
  if (given.length === 0) throw new InvalidArgumentError(path, `names no operator; known are ${operators.join(", ")}`);
  return allOf(
    given.map((name) => {
      const operator = operators.find((known) => known === name);
      if (operator === undefined) throw unknownKey(path, name, operators, "is not an operator");
      return condition(operator, asked[name], path + quoteStep(name), at);
    }),
  );
}

function condition(operator: (typeof operators)[number], asked: unknown, path: string, at: PathConditions): string {
  if (asked === undefined) throw new InvalidArgumentError(path, "is undefined; leave the operator out");
  at.count();
  switch (operator) {
    case "eq":
      return at.equals(operandOf(asked, path));
    case "ne":
      return `not ${at.equals(operandOf(asked, path))}`;
    case "in":
      return at.isIn(operandsOf(asked, path));
    case "notIn":
      return `not ${at.isIn(operandsOf(asked, path))}`;
    case "contains":
      return at.contains(asked, encodeJson(asked, path));
    case "exists":
      return checkBoolean(asked, path) ? `(${at.exists()})` : `not (${at.exists()})`;
    default:
      return at.compares(comparisons[operator] ?? ">", orderedOf(asked, path));
  }
}

function operandsOf(value: unknown, path: string): readonly Operand[] {
  if (!Array.isArray(value)) throw new InvalidArgumentError(path, `must be an array, not ${describeValue(value)}`);
  if (value.length > mostListed) throw new InvalidArgumentError(path, `has ${value.length} values; at most ${mostListed} are allowed`);
  return Array.from(value, (item: unknown, index) => operandOf(item, `${path}[${index}]`));
}

function operandOf(value: unknown, path: string): Operand {
  if (value instanceof Date) return { kind: "instant", ms: checkDate(value, path).getTime() };
  // No document holds them, and a range up to Infinity is one without an end.
  if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) return { kind: "json", value, json: "null" };
  const plain = Object.is(value, -0) ? 0 : value;
  return { kind: "json", value: plain, json: encodeJson(plain, path) };
}

function orderedOf(value: unknown, path: string): Operand {
  if (typeof value === "number" || typeof value === "string" || value instanceof Date) return operandOf(value, path);
  throw new InvalidArgumentError(path, `must be a number, a text or a Date, not ${describeValue(value)}: nothing else has an order`);
}
