import { oneOf } from "../arguments/checks.ts";
import { checkDocumentId } from "../arguments/names.ts";
import { isRecord } from "../arguments/options.ts";
import { describeValue, quoteStep } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { keySql } from "./condition-sql.ts";
import { documentKey } from "./document-key.ts";
import { parsePath, valueAt } from "./document-path.ts";
import type { Parameters } from "./parameters.ts";

/** A path to order by. */
export interface Order {
  readonly steps: readonly string[];
  readonly descending: boolean;
}

const mostOrders = 16;
const direction = oneOf("asc", "desc");

/** The paths of an `orderBy`, in the order of its keys. */
export function checkOrderBy(value: unknown, path: string): readonly Order[] {
  if (!isRecord(value)) throw new InvalidArgumentError(path, `must be an object of paths and "asc" or "desc", not ${describeValue(value)}`);
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  if (keys.length > mostOrders) throw new InvalidArgumentError(path, `has ${keys.length} paths; at most ${mostOrders} are allowed`);
  return keys.map((key) => {
    const at = path + quoteStep(key);
    return { steps: parsePath(key, at), descending: direction(value[key], at) === "desc" };
  });
}

/** ORDER BY of row `d`. The id comes last, so that there is only one order. */
export function orderSql(orders: readonly Order[], schema: string): string {
  return [...orders.map(({ steps, descending }) => `${keySql(schema, steps)}${descending ? " desc" : ""}`), "d._id"].join(", ");
}

/**
 * The condition that row `d` comes behind a document in that order. What an index can find stands first: all columns as one
 * row where all rise, else a bound of the first.
 */
export function behindSql(after: unknown, path: string, orders: readonly Order[], schema: string, parameters: Parameters): string {
  if (!isRecord(after)) throw new InvalidArgumentError(path, `must be a document as a page returned it, not ${describeValue(after)}`);
  const columns = orders.map(({ steps, descending }) => ({
    sql: keySql(schema, steps),
    value: parameters.add(documentKey(valueAt(after, steps))),
    descending,
  }));
  const id = { sql: "d._id", value: parameters.add(checkDocumentId(after["_id"], `${path}._id`)), descending: false };
  const all = [...columns, id];
  if (all.every(({ descending }) => !descending)) {
    return `(${all.map(({ sql }) => sql).join(", ")}) > (${all.map(({ value }) => value).join(", ")})`;
  }
  const [first = id, ...rest] = all;
  const behind = rest.reduceRight(
    (inner, column) => (inner === "" ? strictly(column) : `(${strictly(column)} or (${column.sql} = ${column.value} and ${inner}))`),
    "",
  );
  const bound = `${first.sql} ${first.descending ? "<=" : ">="} ${first.value}`;
  return `(${bound} and (${strictly(first)} or ${behind}))`;
}

function strictly({ sql, value, descending }: { readonly sql: string; readonly value: string; readonly descending: boolean }): string {
  return `${sql} ${descending ? "<" : ">"} ${value}`;
}
