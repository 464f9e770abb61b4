import { hasPgbouncer, startPgbouncer } from "@tidemark/servers";
import pg from "pg";
import { append, complete, decider, defineConsumer, defineProcess, documentProjection, type Event, handleCommand, openEventStore, timer } from "tidemark";
import { type CartEvent, itemAdded } from "../support/cart.ts";
import { eventually, expect, recordLogs, test } from "./test.ts";

const counts = (mode: "inline" | "async") =>
  documentProjection<{ readonly n: number }>({
    name: `${mode}-counts`,
    version: 1,
    mode,
    collection: `${mode}_counts`,
    handles: ["ItemAdded"],
    documentId: ({ streamId }) => streamId,
    evolve: (document) => ({ n: (document?.n ?? 0) + 1 }),
  });
const [inline, async] = [counts("inline"), counts("async")];

const adder = decider<number, number, CartEvent>({
  name: "adder",
  initialState: () => 0,
  evolve: (sum) => sum + 1,
  decide: (most, sum) => (sum < most ? [itemAdded()] : []),
  snapshot: { every: 2 },
});

const shipping = defineProcess<{ readonly asked: boolean }, Event<"OrderPlaced" | "ShippingDue", object>>({
  name: "shipping",
  handles: ["OrderPlaced", "ShippingDue"],
  instanceId: ({ streamId }) => streamId,
  initialState: () => ({ asked: false }),
  evolve: () => ({ asked: true }),
  react: ({ type }) =>
    type === "OrderPlaced"
      ? [timer("shipping", { in: 1 }, { type: "ShippingDue", data: {} })]
      : [append("shipment-1", [{ type: "Shipped", data: {} }]), complete()],
});

test("behind a transaction pooler with one connection to the server everything but LISTEN works, and each loss is told once", async ({
  store: direct,
  databaseUrl,
  schema,
  sql,
}) => {
  if (!hasPgbouncer) {
    console.log("NOT TESTED: /usr/sbin/pgbouncer is not installed (Debian: apt-get install pgbouncer).");
    return;
  }
  void direct;
  await using pooler = await startPgbouncer(databaseUrl, { sessions: 1 });
  const { logger, lines } = recordLogs();
  const handled: string[] = [];
  const mailer = defineConsumer({ name: "mailer", handle: ({ type }) => void handled.push(type) });
  const effects = defineConsumer({
    name: "effects",
    handle: async (_event, context) => {
      await context.query(`insert into ${pg.escapeIdentifier(schema)}.mails default values`, []);
    },
  });
  await sql.query(`create table ${pg.escapeIdentifier(schema)}.mails (n int generated always as identity)`);

  const store = await openEventStore(pooler.url, { schema, logger, projections: [inline, async], pool: { max: 5, connectionTimeoutMs: 60_000 } });
  await using worker = store.createWorker({ consumers: [mailer, effects], projections: [async], processes: [shipping], timers: true });
  await worker.start();

  await Promise.all(Array.from({ length: 20 }, (_, n) => store.appendToStream(`cart-${n % 4}`, [itemAdded()])));
  await store.appendToStreams([
    { streamId: "cart-5", events: [itemAdded()], expectedVersion: "no-stream" },
    { streamId: "cart-6", events: [itemAdded()] },
  ]);
  await store.append([{ ...itemAdded(), tags: ["sku:tea"] }], { streamId: "cart-7", condition: { query: [{ tags: ["sku:coffee"] }] } });
  await expect(store.appendToStream("cart-5", [itemAdded()], { expectedVersion: 9 })).rejects.toMatchObject({ code: "VERSION_CONFLICT", actual: 1 });
  for (let n = 1; n <= 4; n++) await handleCommand(store, adder, "cart-8", 4);
  await store.transaction(async (tx) => {
    await tx.appendToStream("cart-9", [itemAdded()]);
    await tx.query("select 1");
    await tx.appendToStream("cart-9", [itemAdded()], { expectedVersion: 1 });
  });
  await expect(store.transaction((tx) => tx.query("select 1/0"))).rejects.toMatchObject({ code: "DATABASE", sqlState: "22012" });
  await store.schedule("reminder-1", { type: "Reminded", data: {} }, { key: "r-1", in: 0 });
  const { position } = await store.appendToStream("order-1", [{ type: "OrderPlaced", data: {} }]);
  await store.waitFor("mailer", position, { timeoutMs: 60_000 });

  const logged = await store.readAll().toArray();
  expect(logged.length).toBeGreaterThanOrEqual(31);
  expect(await store.readStream("cart-8").toArray()).toHaveLength(4);
  expect(await store.documents(inline).get("cart-9")).toMatchObject({ n: 2 });
  for await (const event of store.subscribe({ after: position - 1 })) {
    expect(event.position).toBe(position);
    break;
  }
  await eventually(async () => {
    expect((await store.readStream("shipment-1").toArray()).map(({ type }) => type)).toEqual(["Shipped"]);
    expect((await store.readStream("reminder-1").toArray()).map(({ type }) => type)).toEqual(["Reminded"]);
  });
  await worker.caughtUp();
  const all = (await store.readAll().toArray()).map(({ type }) => type);
  expect(handled.toSorted()).toEqual(all.toSorted());
  expect((await sql.query(`select count(*)::int as n from ${pg.escapeIdentifier(schema)}.mails`)).rows).toEqual([{ n: all.length }]);
  expect(await store.documents(async).get("cart-0")).toMatchObject({ n: 5 });
  await store.consumers.pause("mailer");
  await store.consumers.resume("mailer");
  expect(await store.verify()).toMatchObject({ problems: [] });
  expect(await store.stats()).toMatchObject({ events: { count: all.length } });
  // It listens for some seconds before it knows that it hears nothing.
  await eventually(async () => expect((await store.doctor()).map(({ code }) => code)).toContain("listener-deaf"));
  expect(await store.health()).toMatchObject({ live: true, ready: true });
  expect(
    (await sql.query("select from pg_stat_activity where datname = current_database() and application_name like 'tidemark%'")).rows.length,
  ).toBeLessThanOrEqual(2);

  await worker.stop();
  await store.close();
  const warnings = lines.filter((line) => !line.startsWith("info") && !line.startsWith("debug"));
  expect(warnings).toEqual([expect.stringContaining("lost a prepared statement"), expect.stringContaining("notifications do not arrive")]);
});
