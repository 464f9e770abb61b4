import type { ValidBoundaryItem } from "../arguments/boundary-query.ts";
import type { EventCodec } from "./event-codec.ts";

/**
 * What a query by types and tags finds in the log: also what is stored under another type, of which one of its types can have been made.
 * Readings and conditions ask for the same, so that what one has counted is what the other counts.
 */
export function storedQuery(items: readonly ValidBoundaryItem[], codec: EventCodec): readonly ValidBoundaryItem[] {
  return items.map(({ types, ...item }) => ({ ...item, ...(types && { types: codec.storedTypes(types) }) }));
}
