import { quoteText } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { quoteLiteral } from "../schema/render.ts";

const mostSteps = 32;

/**
 * The keys that a dot path goes through: `customer.city` is `city` in `customer`. A key that holds a dot or a backslash has a
 * backslash before it. Only objects are gone into, not arrays.
 *
 * @throws {@link InvalidArgumentError} — an empty key, more than 32 of them, what no document can hold, or a backslash before
 * anything else.
 */
export function parsePath(path: string, at: string): readonly [string, ...string[]] {
  if (/\0|\p{Surrogate}/u.test(path))
    throw new InvalidArgumentError(at, `is not a path: a key of a document cannot contain U+0000 or half of a surrogate pair; got ${quoteText(path)}`);
  const wrong = /\\(?![.\\])/.exec(path.replaceAll(/\\[.\\]/g, "  "));
  if (wrong)
    throw new InvalidArgumentError(
      at,
      String.raw`is not a path: a backslash stands only before a dot or a backslash of a key (\. and \\); got ${quoteText(path)}`,
    );
  const [first = "", ...rest] = Array.from(path.matchAll(/(?:^|\.)((?:\\.|[^.\\])*)/gs), ([, step = ""]) => step.replaceAll(/\\(.)/gs, "$1"));
  const steps: [string, ...string[]] = [first, ...rest];
  if (steps.includes(""))
    throw new InvalidArgumentError(at, String.raw`is not a path: a key is empty; a dot that belongs to a key is written \. ; got ${quoteText(path)}`);
  if (steps.length > mostSteps) throw new InvalidArgumentError(at, `is not a path: it has ${steps.length} keys, and at most ${mostSteps} are allowed`);
  return steps;
}

/** The JSON at a path of a column `data`, for SQL; an SQL null where there is nothing. Keys are quoted constants, so that an index on the path fits. */
export function pathSql(steps: readonly string[], column = "d.data"): string {
  // Of the row: the JSON has none.
  if (steps[0] === versionKey) return pathIn("pg_catalog.to_jsonb(d._version)", steps.slice(1));
  return pathIn(column, steps);
}

/** How often a document was written: a column, which is read as a part of the document. */
export const versionKey = "_version";

/** The path that `parsePath` read. */
export function writePath(steps: readonly string[]): string {
  return steps.map((step) => step.replaceAll(/[.\\]/g, String.raw`\$&`)).join(".");
}

function pathIn(json: string, steps: readonly string[]): string {
  return `${json}${steps.map((step) => ` operator(pg_catalog.->) ${quoteLiteral(step)}`).join("")}`;
}

/** The value at a path of a document that was read; undefined where there is nothing. */
export function valueAt(document: object, steps: readonly string[]): unknown {
  let value: unknown = document;
  for (const step of steps) {
    if (typeof value !== "object" || value === null || Array.isArray(value) || !Object.hasOwn(value, step)) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}
