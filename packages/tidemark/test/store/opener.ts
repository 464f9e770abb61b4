import { openEventStore } from "../../src/index.ts";

// A process that opens the folder of its first argument, appends, says so, and then stays: the tests end it.
const [, , url] = process.argv;
try {
  const store = await openEventStore(url);
  const { version } = await store.appendToStream("cart-1", [{ type: "ItemAdded", data: { sku: "tea" } }]);
  process.send?.({ version });
  setInterval(() => {}, 60_000);
} catch (error) {
  process.send?.({ error: error instanceof Error && "code" in error ? error.code : String(error) });
}
