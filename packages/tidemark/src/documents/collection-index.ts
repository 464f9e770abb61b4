import { createHash } from "node:crypto";
import { checkBoolean, listOf } from "../arguments/checks.ts";
import { checkOptions, isRecord } from "../arguments/options.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { parsePath, versionKey } from "./document-path.ts";
import type { DocumentPath } from "./types.ts";

/**
 * An index of a collection, by one path or by several, the first one first.
 *
 * @example
 * ```ts
 * const indexes: CollectionIndex<CartSummary>[] = [{ path: "total" }, { paths: ["confirmed", "total"] }];
 * ```
 */
export type CollectionIndex<Document> = (
  | { readonly path: DocumentPath<Document>; readonly paths?: never }
  | {
      /** At most 3. */
      readonly paths: readonly DocumentPath<Document>[];
      readonly path?: never;
    }
) & {
  /**
   * Whether the values must be unique within a tenant. Documents without one of the values, and arrays and objects, are not compared.
   * A projection that would repeat a value fails; see the guide. @defaultValue false
   */
  readonly unique?: boolean;
};

/** A checked index. */
export interface ValidIndex {
  readonly paths: readonly (readonly string[])[];
  readonly unique: boolean;
}

/** An entry of a B-tree has 2,704 bytes: a tenant, an id and three texts of 150 characters fit. */
const mostPaths = 3;
const mostIndexes = 16;

const checkPath = (value: unknown, path: string): readonly string[] => {
  if (typeof value !== "string") throw new InvalidArgumentError(path, `must be a path (a text), not ${describeValue(value)}`);
  const steps = parsePath(value, path);
  if (steps[0] === versionKey) throw new InvalidArgumentError(path, "counts the writes of a document. It is not part of the document, so it cannot be indexed");
  return steps;
};
const shape = { path: checkPath, paths: listOf(checkPath, "name at least one path"), unique: checkBoolean };

/** The indexes of a collection. @throws {@link InvalidArgumentError} — what is none, the same one twice, or too many. */
export function checkIndexes(value: unknown, path: string): readonly ValidIndex[] {
  if (!Array.isArray(value)) throw new InvalidArgumentError(path, `must be an array of indexes, not ${describeValue(value)}`);
  if (value.length > mostIndexes)
    throw new InvalidArgumentError(path, `has ${value.length} indexes; at most ${mostIndexes} are allowed, because each one is written with every document`);
  const known = new Map<string, number>();
  return Array.from(value, (item: unknown, position) => {
    const at = `${path}[${position}]`;
    const index = checkIndex(item, at);
    const same = known.get(JSON.stringify(index));
    if (same !== undefined) throw new InvalidArgumentError(at, `is the same as ${path}[${same}]`);
    known.set(JSON.stringify(index), position);
    return index;
  });
}

function checkIndex(item: unknown, at: string): ValidIndex {
  if (!isRecord(item)) throw new InvalidArgumentError(at, `must be an object with a path, not ${describeValue(item)}`);
  const { path, paths, unique = false } = checkOptions(item, shape, at);
  if (path !== undefined && paths !== undefined) throw new InvalidArgumentError(at, "has path and paths; give it one of them");
  const given = paths ?? (path && [path]);
  if (given === undefined) throw new InvalidArgumentError(at, "has neither path nor paths");
  if (given.length > mostPaths) throw new InvalidArgumentError(`${at}.paths`, `has ${given.length} paths; at most ${mostPaths} are allowed`);
  return { paths: given, unique };
}

/** The same for the same index of the same table, in at most 63 bytes. A unique one that leaves deleted documents out is another one. */
export function indexName(table: string, index: ValidIndex, deletes: "hard" | "soft" = "hard"): string {
  const digest = createHash("sha256")
    .update(JSON.stringify([table, index, ...(index.unique && deletes === "soft" ? [deletes] : [])]))
    .digest("hex")
    .slice(0, 12);
  // Cut at a whole character: what is left of half a one becomes U+FFFD.
  const beginning = Buffer.from(table)
    .subarray(0, 46)
    .toString()
    .replace(/\uFFFD+$/u, "");
  return `${beginning}_${digest}_idx`;
}
