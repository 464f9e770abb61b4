// Runs on Node.js, Bun and Deno: the built package opens an embedded store, appends and reads.
import { openEventStore } from "tidemark";

const store = await openEventStore();
const { version } = await store.appendToStream("cart-42", [{ type: "ItemAdded", data: { sku: "A1", quantity: 2 } }], { expectedVersion: 0 });
const events = await store.readStream("cart-42").toArray();
console.log(JSON.stringify({ version, events: events.map(({ type, data, position }) => ({ type, data, position })) }));
await store.close();
