import { isTidemarkError, openEventStore } from "../../src/index.ts";

// A process that opens the folder of its first argument, appends, and says so. Then it appends or closes as it is told, until the tests end it.
const [, , url] = process.argv;
const event = { type: "ItemAdded", data: { sku: "tea" } };

async function answer(work: () => Promise<object>): Promise<void> {
  try {
    process.send?.(await work());
  } catch (error) {
    process.send?.({ error: isTidemarkError(error) ? error.code : String(error) });
  }
}

await answer(async () => {
  const store = await openEventStore(url ?? "");
  process.on("message", (wish) => {
    void answer(async () => {
      if (wish === "append") return { version: (await store.appendToStream("cart-1", [event])).version };
      await store.close();
      return { closed: true };
    });
  });
  return { version: (await store.appendToStream("cart-1", [event])).version };
});
