import type { RelaySource } from "./relay-source.ts";

/** Messages that transactions published with `tx.publish`. What reads them is loaded with the first that are read: `defineRelay` is loaded by all. */
export const outboxSource: RelaySource = {
  name: "outbox",
  refuses: { options: ["events", "filter", "prefix", "since"], because: "goes with events; for a relay of the outbox, name topics" },
  map: ({ data, metadata }) => ({ body: JSON.stringify(data), headers: headersOf(metadata) }),
  follow: ({ outbox }, _settings, name) => ({
    source: { name: "outbox", log: outbox },
    filterChanged: `relay ${JSON.stringify(name)} has other topics than before. They count from the checkpoint on: messages behind it that only the new topics let through are not published. Publish them with store.relays.replay, or set it back with store.relays.reset.`,
  }),
  async *read(context, _store, range) {
    const { readOutbox } = await import("./outbox-reading.ts");
    yield* readOutbox(context, range);
  },
  async forget(context, old) {
    const { forgetMessages } = await import("./outbox-reading.ts");
    return await forgetMessages(context, old);
  },
};

/** A message's headers are all text. */
function headersOf(metadata: object): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(metadata).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}
