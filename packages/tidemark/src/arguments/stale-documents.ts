import { type Check, oneOf } from "./checks.ts";

/**
 * What happens when documents are read that lack events, because their projection is not live. `"error"`: the reading rejects. `"warn"`:
 * it answers what is there, and the logger tells of it at most once a minute. `"allow"`: it answers what is there, and nothing is looked up.
 *
 * @example
 * ```ts
 * const old = await store.documents(cartSummary, { stale: "allow" }).get("cart-42");
 * ```
 */
export type StaleDocuments = "error" | "warn" | "allow";

export const checkStaleDocuments: Check<StaleDocuments> = oneOf("error", "warn", "allow");
