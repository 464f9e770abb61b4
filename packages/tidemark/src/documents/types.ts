import type { StaleDocuments } from "../arguments/stale-documents.ts";

type Scalar = string | number | boolean | null;
type Leaf = Scalar | Date | readonly unknown[];

/** A key as a step of a path: a dot or a backslash in it has a backslash before it. */
type Step<Key extends string> = string extends Key ? Key : Key extends `${string}${"." | "\\"}${string}` ? Escaped<Key> : Key;
type Escaped<Key extends string> = Key extends `${infer First}${infer Rest}` ? `${First extends "." | "\\" ? `\\${First}` : First}${Escaped<Rest>}` : "";

/** Depths: `Shallower[4]` is 3, and below 0 there is nothing. */
type Shallower = [never, 0, 1, 2, 3, 4];

/**
 * Dot paths into a document, five deep: `"address.city"`. Arrays are not gone into. A dot in a key is written `\.`
 *
 * @example
 * ```ts
 * const path: DocumentPath<{ customer: { city: string } }> = "customer.city";
 * ```
 */
export type DocumentPath<T, Depth extends number = 4> = [Depth] extends [never]
  ? never
  : T extends Leaf | undefined
    ? never
    : {
        [Key in keyof T & string]:
          | Step<Key>
          | (NonNullable<T[Key]> extends Leaf ? never : `${Step<Key>}.${DocumentPath<NonNullable<T[Key]>, Shallower[Depth]>}`);
      }[keyof T & string];

/**
 * What stands at a path: `PathValue<{ address: { city: string } }, "address.city">` is `string`.
 *
 * @example
 * ```ts
 * const city: PathValue<{ customer: { city: string } }, "customer.city"> = "Pisa";
 * ```
 */
export type PathValue<T, P extends string> = P extends keyof T
  ? T[P]
  : P extends `${infer Key}.${infer Rest}`
    ? Key extends keyof T
      ? PathValue<NonNullable<T[Key]>, Rest>
      : EscapedValue<T, P>
    : EscapedValue<T, P>;
type EscapedValue<T, P extends string> = {
  [Key in keyof T & string]: P extends Step<Key> ? T[Key] : P extends `${Step<Key>}.${infer Rest}` ? PathValue<NonNullable<T[Key]>, Rest> : never;
}[keyof T & string];

/** A text may hold a time, so you can compare it with a Date. */
type DateOfText<V> = string extends V ? Date : never;

interface Equalities<V> {
  /** Equal; arrays and objects as a whole. A Date equals every text that names the same time. */
  readonly eq?: V;
  /** Not equal, or no value. */
  readonly ne?: V;
  /** One of these. An empty list matches no document. */
  readonly in?: readonly V[];
  /** None of these, or no value. */
  readonly notIn?: readonly V[];
  /** Whether there is a value; null is one. */
  readonly exists?: boolean;
}
/** Greater or lesser, of the same kind: numbers as numbers, texts by code point, a Date by the time that a text names. */
interface Ranges<V> {
  readonly gt?: V;
  readonly gte?: V;
  readonly lt?: V;
  readonly lte?: V;
}
/** What can be asked of a value. */
export type Comparable<V> = Equalities<V | DateOfText<V>> &
  (NonNullable<V> extends number | string | Date ? Ranges<NonNullable<V> | DateOfText<NonNullable<V>>> : unknown) &
  (NonNullable<V> extends readonly (infer Item)[]
    ? { readonly contains?: Item | readonly Item[] }
    : NonNullable<V> extends Leaf
      ? unknown
      : { readonly contains?: Partial<NonNullable<V>> });

/** Of a value whose type is not known. */
interface Anything extends Equalities<unknown>, Ranges<string | number | Date> {
  readonly contains?: unknown;
}
type Asked<V> = unknown extends V ? Scalar | Date | Anything : (V extends Scalar | Date ? V : never) | DateOfText<V> | Comparable<V>;

/**
 * Selects documents: every condition must hold. `{}` matches every document.
 *
 * @example
 * ```ts
 * const where: DocumentFilter<CartSummary> = { confirmed: false, total: { gte: 100 } };
 * const open = await store.documents(cartSummary).find({ where });
 * ```
 */
export type DocumentFilter<T> = { readonly [P in DocumentPath<T>]?: Exclude<PathValue<T, P>, undefined> extends infer V ? Asked<V> : never } & {
  readonly _id?: Asked<string>;
  /** How often it was written. No index holds it. */
  readonly _version?: Asked<number>;
  /** All of these. An empty list matches every document. */
  readonly AND?: readonly DocumentFilter<T>[];
  /** Any of these. An empty list matches no document. */
  readonly OR?: readonly DocumentFilter<T>[];
  readonly NOT?: DocumentFilter<T>;
};

/**
 * A document as it is read: its id, and how often it was written.
 *
 * @example
 * ```ts
 * export function label({ _id, _version, total }: VersionedDocument<CartSummary>): string {
 *   return `${_id} at ${_version}: ${total}`;
 * }
 * ```
 */
export type VersionedDocument<T> = T & {
  readonly _id: string;
  readonly _version: number;
  /** It was deleted, and is read because you asked for such. */
  readonly _archived?: true;
};

/**
 * What `get` and `getMany` take.
 *
 * @example
 * ```ts
 * const last = await store.documents(cartSummary).get("cart-42", { deleted: "include" });
 * if (last?._archived) console.debug("cart-42 was deleted");
 * ```
 */
export interface GetOptions {
  /**
   * Deleted documents of a projection with `deletes: "soft"`: `"include"` reads them too, with `_archived: true`, `"only"` nothing else.
   * @defaultValue they are left out
   */
  readonly deleted?: "include" | "only";
  /** Ends the reading, and cancels its query on the server. It then rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
}

/**
 * What `find`, `first` and `page` take.
 *
 * @example
 * ```ts
 * const options: FindOptions<CartSummary> = { where: { confirmed: true }, orderBy: { total: "desc" }, limit: 10 };
 * ```
 */
export interface FindOptions<T> extends GetOptions {
  /** @defaultValue every document */
  readonly where?: DocumentFilter<T>;
  /**
   * By these paths, the first one first, then by `_id` rising. Values of different kinds come in the order nothing, null,
   * false, true, numbers, texts by the code points of their first 150 characters, arrays and objects.
   * @defaultValue by `_id`
   */
  readonly orderBy?: { readonly [P in DocumentPath<T> | "_id" | "_version"]?: "asc" | "desc" };
  /** The most documents; 0 returns none. @defaultValue all; 100 for a page */
  readonly limit?: number;
  /** Only documents after this one in the order: `next` of the previous page. */
  readonly after?: VersionedDocument<T>;
}

/**
 * What `count` takes.
 *
 * @example
 * ```ts
 * const options: CountOptions<CartSummary> = { where: { confirmed: true }, deleted: "include" };
 * ```
 */
export interface CountOptions<T> extends GetOptions {
  /** @defaultValue every document */
  readonly where?: DocumentFilter<T>;
}

/**
 * One page of documents.
 *
 * @example
 * ```ts
 * const page: DocumentPage<CartSummary> = await store.documents(cartSummary).page({ limit: 20 });
 * ```
 */
export interface DocumentPage<T> {
  readonly documents: VersionedDocument<T>[];
  /** What to pass as `after` for the next page; undefined on the last. */
  readonly next: VersionedDocument<T> | undefined;
}

/**
 * Reads the documents of one collection and one tenant.
 *
 * @example
 * ```ts
 * const carts: Documents<CartSummary> = store.documents(cartSummary);
 * const total = await carts.count({ where: { confirmed: true } });
 * ```
 */
export interface Documents<T extends object> {
  /** Returns the document with this id; undefined if there is none. */
  get(id: string, options?: GetOptions): Promise<VersionedDocument<T> | undefined>;
  /** Returns the documents that exist, in the order of the ids. */
  getMany(ids: readonly string[], options?: GetOptions): Promise<VersionedDocument<T>[]>;
  /** Returns the documents that match. */
  find(options?: FindOptions<T>): Promise<VersionedDocument<T>[]>;
  /** Returns the first document that matches; undefined if there is none. */
  first(options?: FindOptions<T>): Promise<VersionedDocument<T> | undefined>;
  /** Returns a page of at most `limit` documents (100). Pass `next` as `after` to get the next page; it is undefined on the last one. */
  page(options?: FindOptions<T>): Promise<DocumentPage<T>>;
  /** Counts the documents that match. */
  count(options?: CountOptions<T>): Promise<number>;
}

/**
 * What `documents` takes beside the projection or the collection.
 *
 * @example
 * ```ts
 * const options: DocumentsOptions = { stale: "error" };
 * ```
 */
export interface DocumentsOptions {
  /** What happens when they lack events, because their projection is not live. @defaultValue `staleDocuments` of the store */
  readonly stale?: StaleDocuments;
}

/**
 * What says which collection, and which version of it: a document projection.
 *
 * @example
 * ```ts
 * export function countOf(source: DocumentSource<CartSummary>): Promise<number> {
 *   return store.documents(source).count();
 * }
 * ```
 */
export interface DocumentSource<Document extends object> {
  readonly collection: string;
  readonly version: number;
  /** Whether deleted documents keep their rows. @defaultValue "hard" */
  readonly deletes?: "hard" | "soft";
  readonly "~document"?: Document;
}
