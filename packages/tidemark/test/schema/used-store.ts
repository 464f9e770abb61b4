import { append, type DeadLetter, defineConsumer, defineProcess, defineRelay, documentProjection, type Event, type EventStore, timer } from "tidemark";
import { recordWarnings } from "../database/open.ts";
import { itemAdded } from "../support/cart.ts";
import { counts, test as base } from "./open-as.ts";

const failing = defineConsumer({ name: "failing", retry: { attempts: 1 }, handle: () => Promise.reject(new Error("no")) });
const mailer = defineConsumer({ name: "mailer", handle() {} });
const out = defineRelay({ name: "out", source: "outbox", to: { name: "memory", publish: async () => {}, close: async () => {} } });
const checkout = defineProcess<number, Event>({
  name: "checkout",
  handles: ["ItemAdded"],
  instanceId: ({ streamId }) => streamId,
  initialState: () => 0,
  evolve: (count) => count + 1,
  react: ({ streamId }) => [timer("late", { in: 3_600_000 }, itemAdded()), append(`note-${streamId}`, [{ type: "Noted", data: {} }])],
});
const totals = documentProjection<{ readonly n: number }>({
  name: "totals",
  version: 1,
  mode: "inline",
  collection: "totals",
  documentId: () => "all",
  evolve: { ItemAdded: (document) => ({ n: (document?.n ?? 0) + 1 }) },
});

/** Tests of roles. `used`: the id of an event of a store that has a bit of everything. */
export const test = base.extend("used", async ({ openStore, store }) => {
  const owned = await openStore({ projections: [counts, totals], logger: recordWarnings().logger });
  const appended = await owned.appendToStream("cart-1", [{ ...itemAdded(), tags: ["a"] }]);
  await owned.appendToStream("cart-2", [itemAdded()]);
  await owned.schedule("cart-1", itemAdded(), { key: "k", in: 1_000_000 });
  await owned.transaction((tx) => tx.publish({ topic: "mail", key: "a", payload: {} }));
  await using worker = owned.createWorker({ consumers: [failing, mailer], relays: [out], processes: [checkout] });
  await worker.start();
  await worker.caughtUp();
  await worker.stop();
  const [first] = await store.readAll({ until: appended.position }).toArray();
  return first?.id ?? "";
});

/** Its dead letter. */
export async function letter(store: EventStore): Promise<DeadLetter> {
  const [found] = await store.deadLetters.list();
  if (!found) throw new Error("there is no dead letter");
  return found;
}

export { describe, expect, refused } from "./open-as.ts";
