import { randomUUID } from "node:crypto";
import { defineEvents, event, type Event, type EventCatalogue, type EventStore, openEventStore } from "tidemark";
import { z } from "zod";
import { eventType } from "../payload.ts";
import type { Comparison, Contestant, Scenario, Setting } from "../scenario.ts";
import { openBareReads } from "../subjects/bare-reads.ts";
import { openWithEvents } from "../subjects/filled.ts";
import { contestant } from "../subjects/open.ts";
import { openTidemark } from "../subjects/tidemark.ts";

/** Eight fields, of the kinds that an order has. */
const line = z.object({
  sku: z.string().min(1).max(40),
  quantity: z.number().int().positive(),
  unitPrice: z.number().nonnegative(),
  currency: z.enum(["EUR", "USD", "GBP"]),
  customerId: z.string().startsWith("c-"),
  warehouse: z.string(),
  gift: z.boolean(),
  note: z.string().max(200).optional(),
});

const lineData = {
  sku: "SKU-20447-B",
  quantity: 3,
  unitPrice: 12.5,
  currency: "EUR",
  customerId: "c-99118342",
  warehouse: "ams-2",
  gift: true,
  note: "gift wrap, leave at the front door",
};

async function openStore(setting: Setting, url: string, events?: EventCatalogue): Promise<EventStore> {
  const store: EventStore = await openEventStore(url, events && { events });
  setting.cleanup.defer(() => store.close());
  return store;
}

async function appendLine(store: EventStore): Promise<number> {
  await store.appendToStream(`cart-${randomUUID()}`, [{ type: eventType, data: lineData }], { expectedVersion: "no-stream" });
  return 1;
}

export const appendWithCatalogue: Scenario = {
  number: 44,
  title: "Append with a catalogue",
  about: "Every call appends one event to a new stream. With a catalogue: a zod schema of eight fields checks it. Both stores are on the same tables.",
  async prepare(setting) {
    const url = await setting.createDatabase();
    const plain = await openStore(setting, url);
    const checked = await openStore(setting, url, defineEvents({ [eventType]: line }));
    return [1, 100].map((callers): Comparison => ({
      label: callers === 1 ? "1 caller" : `${callers} callers`,
      subject: "with a catalogue",
      contestants: [contestant("without a catalogue", callers, () => appendLine(plain)), contestant("with a catalogue", callers, () => appendLine(checked))],
      targets: callers === 1 ? [] : [{ against: "without a catalogue", atLeast: 0.85 }],
    }));
  },
};

interface Line {
  readonly [key: string]: unknown;
}

/** Three steps of the usual kinds: a field is added, one gets another name, two become one. */
const steps = {
  1: ({ data }: { readonly data: Line }): Line => ({ ...data, channel: "web" }),
  2: ({ data: { customerId, ...rest } }: { readonly data: Line }): Line => ({ ...rest, customer: customerId }),
  3: ({ data: { unitPrice, currency, ...rest } }: { readonly data: Line }): Line => ({ ...rest, price: { amount: unitPrice, currency } }),
};
const threeSteps = defineEvents({ [eventType]: { schema: event<unknown>(), version: 4, upcast: steps } });
const newest = defineEvents({ [eventType]: event<unknown>() });

async function readAll(store: EventStore): Promise<number> {
  let events = 0;
  for await (const batch of store.readAll<Event>().batches(1_000)) events += batch.length;
  return events;
}

/** The same steps by hand around a plain read, with no copy, check or error beside them. */
async function readAndStep(store: EventStore): Promise<number> {
  let events = 0;
  for await (const batch of store.readAll<Event<string, Line>>().batches(1_000)) {
    const current = batch.map((old) => ({ ...old, schemaVersion: 4, data: steps[3]({ data: steps[2]({ data: steps[1](old) }) }) }));
    events += current.length;
  }
  return events;
}

export const readWithCatalogue: Scenario = {
  number: 45,
  title: "Read the whole log with a catalogue",
  about:
    "Every call reads all 50,000 events. Newest version: a catalogue that has nothing to do. Three steps: every event is brought from version 1 to 4; by hand: the same steps around a plain read. All readers are on the same tables; bare driver: as in 6.",
  async prepare(setting) {
    const { subject, url } = await openWithEvents(setting, openTidemark, 50_000);
    const bare = openBareReads(url);
    setting.cleanup.defer(() => bare.close());
    const plain = subject.store;
    const without = contestant("without a catalogue", 1, () => readAll(plain));
    const reading = async (name: string, events: EventCatalogue): Promise<Contestant> => {
      const store = await openStore(setting, url, events);
      return contestant(name, 1, () => readAll(store));
    };
    const bareReads = contestant("bare driver", 1, () => bare.readAll());
    return [
      {
        label: "newest version",
        subject: "with a catalogue",
        contestants: [without, await reading("with a catalogue", newest)],
        targets: [{ against: "without a catalogue", atLeast: 0.97 }],
      },
      {
        label: "three steps",
        subject: "with a catalogue",
        contestants: [without, contestant("by hand", 1, () => readAndStep(plain)), await reading("with a catalogue", threeSteps)],
        targets: [{ against: "without a catalogue", atLeast: 0.8 }],
      },
      {
        label: "no catalogue",
        subject: "without a catalogue",
        contestants: [bareReads, without],
        targets: [{ against: "bare driver", atLeast: 0.85 }],
      },
    ];
  },
};
