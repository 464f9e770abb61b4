// Runs on Node.js, Bun and Deno: the built package does a bit of everything on each of the servers in SUPPORT_URLS. A line of JSON for each.
import assert from "node:assert/strict";
import process from "node:process";
import { append, complete, decider, defineConsumer, defineProcess, documentProjection, handleCommand, openEventStore } from "tidemark";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const added = { type: "ItemAdded", data: { sku: "tea" } };

const counts = (mode) =>
  documentProjection({
    name: mode,
    version: 1,
    mode,
    collection: mode,
    handles: ["ItemAdded"],
    documentId: (event) => event.streamId,
    evolve: (document) => ({ n: (document?.n ?? 0) + 1 }),
  });
const [inline, async] = [counts("inline"), counts("async")];
const adder = decider({ name: "adder", initialState: () => 0, evolve: (n) => n + 1, decide: () => [added], snapshot: { every: 2 } });
const shipping = defineProcess({
  name: "shipping",
  handles: ["OrderPlaced"],
  instanceId: (event) => event.streamId,
  initialState: () => ({}),
  evolve: (state) => state,
  react: (event) => [append(`shipment-${event.streamId}`, [{ type: "Shipped", data: {} }]), complete()],
});

async function smoke(url) {
  const store = await openEventStore(url, { schema: process.env.SUPPORT_SCHEMA, projections: [inline, async], logger: quiet });
  try {
    const handled = [];
    const mailer = defineConsumer({ name: "mailer", handle: (event) => void handled.push(event.type) });
    const worker = store.createWorker({ consumers: [mailer], projections: [async], processes: [shipping] });
    await worker.start();
    await Promise.all(Array.from({ length: 20 }, (_, n) => store.appendToStream(`cart-${n % 4}`, [added])));
    await assert.rejects(store.appendToStream("cart-0", [added], { expectedVersion: 9 }), { code: "VERSION_CONFLICT" });
    await store.append([{ ...added, tags: ["sku:tea"] }], { streamId: "cart-5", condition: { query: [{ tags: ["sku:tea"] }] } });
    await assert.rejects(store.append([added], { streamId: "cart-6", condition: { query: [{ tags: ["sku:tea"] }] } }), { code: "CONDITION_FAILED" });
    for (let n = 0; n < 3; n++) await handleCommand(store, adder, "cart-7", {});
    await store.transaction(async (tx) => {
      await tx.query("select 1");
      await tx.appendToStream("cart-8", [added, added]);
    });
    await store.schedule("reminder-1", { type: "Reminded", data: {} }, { key: "r", in: 0 });
    const { position } = await store.appendToStream("order-1", [{ type: "OrderPlaced", data: {} }]);
    for await (const event of store.subscribe({ after: position - 1 })) {
      assert.equal(event.position, position);
      break;
    }
    await store.waitFor("mailer", position);
    for (let shipped = []; shipped.length === 0;) shipped = await store.readStream("shipment-order-1").toArray();
    for (let reminded = []; reminded.length === 0;) reminded = await store.readStream("reminder-1").toArray();
    await worker.caughtUp();
    assert.equal((await store.documents(inline).get("cart-8")).n, 2);
    assert.equal((await store.documents(async).get("cart-0")).n, 5);
    assert.equal((await store.readAll().toArray()).length, 29);
    assert.ok(handled.length >= 27);
    assert.equal((await store.health()).ready, true);
    await worker.stop();
  } finally {
    await store.close();
  }
}

for (const [version, url] of Object.entries(JSON.parse(process.env.SUPPORT_URLS))) {
  const problem = await smoke(url).then(
    () => undefined,
    (error) => error.stack ?? String(error),
  );
  console.log(JSON.stringify({ version: Number(version), problem }));
}
