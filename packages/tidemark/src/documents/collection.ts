import { checkCollectionName } from "../arguments/names.ts";
import { wholeNumber } from "../arguments/checks.ts";
import type { ValidIndex } from "./collection-index.ts";
import { quoteIdentifier } from "../database/identifier.ts";

/**
 * A collection holds the documents of one projection. Each version of the projection has a table of its own,
 * `<collection>__v<version>`, so that a new one fills beside the old; `<collection>` is a view of the live one.
 */
export interface Collection {
  /** 1–45 bytes; not like `orders__v2`. */
  readonly collection: string;
  /** The projection's version, from 1 on. */
  readonly version: number;
  /** Created with the table. */
  readonly indexes?: readonly ValidIndex[];
  /** `"soft"`: a deleted document keeps its row, with `_archived`. */
  readonly deletes?: "hard" | "soft";
}

/** Which document. */
export interface DocumentKey {
  /** `""` for the store itself. */
  readonly tenant: string;
  readonly id: string;
}

const checkVersion = wholeNumber(1, 2_147_483_647);

/** A collection whose names are legal; `path` is where the projection stands. */
export function checkCollection({ collection, version }: { readonly collection: unknown; readonly version: unknown }, path: string): Collection {
  return { collection: checkCollectionName(collection, `${path}.collection`), version: checkVersion(version, `${path}.version`) };
}

/** The name of a version's table, at most 58 bytes. */
export function tableName({ collection, version }: Collection): string {
  return `${collection}__v${version}`;
}

/** The table of one version, for SQL. */
export function quotedTable(schema: string, collection: Collection): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(tableName(collection), "collection")}`;
}

/** The view of the live version, for SQL. */
export function quotedView(schema: string, collection: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(collection, "collection")}`;
}
