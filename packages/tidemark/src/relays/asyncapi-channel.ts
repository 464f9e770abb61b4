import type { AsyncApiChannel } from "../catalogue/asyncapi-document.ts";
import type { DefinedRelay } from "./defined-relay.ts";

/**
 * The channel of an AsyncAPI document to which a relay publishes: the types of its filter, in the shape that its `map` describes.
 *
 * @param address - Such as a topic or an exchange; undefined: it is not known.
 */
export function relayChannel({ name, settings: { items, map } }: DefinedRelay, address: string | undefined): AsyncApiChannel {
  // An alternative without types is every type.
  const types = items?.every((item) => item.types) ? new Set(items.flatMap((item) => item.types ?? [])) : undefined;
  return {
    name,
    address,
    types,
    describe(event) {
      const described = map.describe?.(event);
      return {
        ...(described?.contentType !== undefined && { contentType: described.contentType }),
        headers: headersOf(event.schemaVersion, described?.headers),
        ...(described && { payload: described.payload }),
        isData: described?.payload === event.data,
      };
    },
  };
}

function headersOf(schemaVersion: number, added: Readonly<Record<string, object>> = {}): object {
  const digits = { type: "string", pattern: "^[0-9]+$" };
  const properties = {
    ...added,
    "tidemark-event-id": { type: "string", format: "uuid" },
    "tidemark-position": { ...digits, description: "The event's place in the log." },
    "tidemark-schema-version": { const: `${schemaVersion}` },
    "tidemark-fence": { ...digits, description: "It rises with each owner of the relay's shard. Not in a replay." },
    "tidemark-replay": { const: "true", description: "Only in a replay." },
    traceparent: { type: "string" },
    tracestate: { type: "string" },
  };
  return { type: "object", properties, required: [...Object.keys(added), "tidemark-event-id", "tidemark-position", "tidemark-schema-version"] };
}
