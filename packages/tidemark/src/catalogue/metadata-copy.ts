import type { EventMetadata } from "../model/event.ts";

/** A copy of metadata, so that a step or a handler may change what it gets and nothing else sees it. Most metadata is flat. */
export function metadataCopy(metadata: EventMetadata): EventMetadata {
  for (const key in metadata) {
    const held = metadata[key];
    if (typeof held === "object" && held !== null) return structuredClone(metadata);
  }
  return { ...metadata };
}
