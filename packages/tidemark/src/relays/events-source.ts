import { refuseWithoutCatalogue } from "../catalogue/definition-events.ts";
import { cloudEvents } from "./cloud-events.ts";
import type { RelaySource } from "./relay-source.ts";

/** The log of events: the outbox of whatever is an event. */
export const eventsSource: RelaySource = {
  name: "events",
  refuses: { options: ["topics", "keepMs"], because: 'goes with source: "outbox" alone' },
  map: cloudEvents(),
  follow({ codec }, { events, items: filter }, name) {
    refuseWithoutCatalogue(codec, events, `relay ${JSON.stringify(name)}`, "definition.relays");
    return {
      decoder: codec.decoder({ filter }),
      decoderApart: codec.decoder({ filter, skipNothing: true }),
      filterChanged: `relay ${JSON.stringify(name)} has another filter than before. It counts from the checkpoint on: events behind it that only the new filter lets through are not published. Publish them with store.relays.replay, or set it back with store.relays.reset.`,
    };
  },
  read: (_context, store, { settings, after, until, filter, pageSize, signal }) =>
    store.readAll({ after, tenants: settings.tenants, signal, ...(until !== undefined && { until }), ...(filter && { filter }) }).batches(pageSize),
};
