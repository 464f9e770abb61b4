import { defineConsumer, type RecordedEvent } from "tidemark";
import { describe, expect, test } from "../support/test.ts";
import { itemAdded } from "../support/cart.ts";

describe("a consumer", () => {
  test("gets every event once, in the order of each stream, and goes on from its checkpoint", async ({ store }) => {
    const seen: RecordedEvent[] = [];
    const mailer = defineConsumer({ name: "mailer", shards: 3, handle: (event) => void seen.push(event) });
    for (let n = 0; n < 20; n++) await store.appendToStream(`cart-${n % 5}`, [itemAdded(`sku-${n}`)]);
    {
      await using worker = store.createWorker({ consumers: [mailer], leaseMs: 2_000 });
      await worker.start();
      await worker.caughtUp();
      expect(seen).toHaveLength(20);
      const { position } = await store.appendToStream("cart-1", [itemAdded()]);
      await store.waitFor("mailer", position);
      expect(seen).toHaveLength(21);
    }
    for (let n = 0; n < 5; n++) {
      expect(seen.filter(({ streamId }) => streamId === `cart-${n}`).map(({ version }) => version)).toEqual(n === 1 ? [1, 2, 3, 4, 5] : [1, 2, 3, 4]);
    }
    await store.appendToStream("cart-9", [itemAdded()]);
    await using worker = store.createWorker({ consumers: [mailer], leaseMs: 2_000 });
    await worker.start();
    await worker.caughtUp();
    expect(seen).toHaveLength(22);
    expect(await store.consumers.list()).toMatchObject([{ name: "mailer", shards: [{ shard: 0 }, { shard: 1 }, { shard: 2 }], lag: { events: 0 } }]);
  });
});
