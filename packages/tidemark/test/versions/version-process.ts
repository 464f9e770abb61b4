/** A program that was built with one version of the package: it appends, reads, and follows with a worker. */
import type * as library from "../../src/index.ts";
import { documentsOf, type Orders, type Report, type Summary } from "./messages.ts";

/** Both versions have the same exports. */
type Library = typeof library;

function report(message: Report): void {
  process.send?.(message);
}

async function run({ entry, url, schema }: Orders): Promise<void> {
  const version: Library = await import(entry);
  const inline = version.documentProjection<Summary>({ ...documentsOf("inline_summaries"), mode: "inline" });
  const async = version.documentProjection<Summary>({ ...documentsOf("async_summaries"), mode: "async" });
  const store = await version.openEventStore(url, { schema, projections: [inline, async] });
  const counter = version.defineConsumer({
    name: "counter",
    shards: 2,
    handle: async (event, context) => {
      await context.query("insert into public.handled (position) values ($1)", [event.position]);
    },
  });
  const worker = store.createWorker({ consumers: [counter], leaseMs: 1_000 });
  await worker.start();

  let appended = 0;
  process.on("message", (command: "work" | "stop") => {
    void (async () => {
      if (command === "work") {
        const event = { type: "ItemAdded", data: { quantity: 1 }, tags: ["sku:tea"] };
        // Those to carts write the inline projection, the others take the short ways.
        await Promise.all(Array.from({ length: 20 }, (_, n) => store.appendToStream(`cart-${n}`, [event])));
        await Promise.all(Array.from({ length: 20 }, (_, n) => store.appendToStream(`order-${n}`, [event])));
        await store.appendToStream("order-alone", [event]);
        await store.appendToStream(
          "cart-several",
          Array.from({ length: 3 }, () => event),
        );
        const query = [{ tags: ["sku:mug"] }];
        const { boundary } = await store.readBoundary(query);
        await store.append([event], { condition: { query, after: boundary } });
        appended += 45;
        const { length } = await store.readStream("cart-several").toArray();
        return report({ kind: "worked", appended, seen: length });
      }
      await worker.stop();
      await store.close();
      report({ kind: "stopped" });
      process.disconnect?.();
    })().catch((error: unknown) => report({ kind: "failed", error: error instanceof Error ? (error.stack ?? error.message) : String(error) }));
  });
  report({ kind: "ready" });
}

process.once("message", (orders: Orders) => {
  run(orders).catch((error: unknown) => report({ kind: "failed", error: error instanceof Error ? (error.stack ?? error.message) : String(error) }));
});
