import type { DescribedEvent, RelayMap } from "./relay.ts";

/**
 * Returns a `map` that makes messages as Debezium's outbox event router does with its default settings, so that consumers that understand
 * those need no change: the payload is the event's data, and the header `id` is the event's id. `eventType` and `aggregateType` are the
 * event's type and category, as the router adds them by `table.fields.additional.placement`.
 *
 * The router's key is the aggregate's id: leave `key` of the relay at its default. Its topic is `outbox.event.<category>`:
 * `topic: (event) => "outbox.event." + event.category`.
 *
 * @example
 * ```ts
 * const map: RelayMap = debeziumOutbox();
 * ```
 */
export function debeziumOutbox(): RelayMap {
  const map: RelayMap = async ({ id, part, type, category }, { storedData }) => ({
    body: await storedData(),
    headers: { id: part === undefined ? id : `${id}/${part}`, eventType: encode(type), aggregateType: encode(category) },
  });
  return Object.assign(map, {
    describe: ({ type, data }: DescribedEvent) => ({
      payload: data,
      headers: { id: { type: "string" }, eventtype: { const: encode(type) }, aggregatetype: { type: "string", description: "The event's category." } },
    }),
  });
}

/** Headers are printable ASCII. */
function encode(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : encodeURIComponent(text);
}
