import { wholeNumber } from "../arguments/checks.ts";

const checkVersion = wholeNumber(0);

/**
 * Returns the entity tag of a stream's version: `"7"`, with its quotes. What appends, `aggregateStream`, `streamInfo` and `handleCommand`
 * return has a version. A client sends the tag back as `If-Match`, and `expectedVersionOf` reads it.
 *
 * @throws {@link InvalidArgumentError} — `result.version` is no version.
 *
 * @example
 * ```ts
 * const result = await store.appendToStream("cart-70", [itemAdded]);
 * new Response(null, { status: 204, headers: { etag: etag(result) } });
 * ```
 */
export function etag(result: { readonly version: number }): string {
  return `"${checkVersion(result.version, "result.version")}"`;
}
