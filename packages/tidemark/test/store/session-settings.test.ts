import { defineConsumer, documentProjection, openEventStore } from "../../src/index.ts";
import { type CartEvent, confirmed, itemAdded } from "../support/cart.ts";
import { open } from "../database/open.ts";
import { eventually, expect, test as base } from "../support/test.ts";
import { logOf } from "../transfer/test.ts";
import { recordLogs } from "./test.ts";

/** What a DBA may set for a role or a database, each alone, and none of it changes what a store writes, finds and answers. */
const settings: readonly (readonly [string, string])[] = [
  ["array_nulls", "off"],
  ["bytea_output", "escape"],
  ["DateStyle", "German"],
  ["DateStyle", "SQL,DMY"],
  ["default_transaction_isolation", "repeatable read"],
  ["default_transaction_read_only", "on"],
  ["enable_indexscan", "off"],
  ["extra_float_digits", "-15"],
  ["IntervalStyle", "sql_standard"],
  ["join_collapse_limit", "1"],
  ["plan_cache_mode", "force_custom_plan"],
  ["plan_cache_mode", "force_generic_plan"],
  ["quote_all_identifiers", "on"],
  ["search_path", "pg_temp"],
  ["standard_conforming_strings", "off"],
  ["TimeZone", "Asia/Kathmandu"],
  ["transform_null_equals", "on"],
];

interface Visit {
  readonly at: string;
  readonly long: string;
  readonly rate: number;
}

const visits = documentProjection<Visit, CartEvent, "ItemAdded">({
  name: "visits",
  version: 1,
  mode: "inline",
  collection: "visits",
  indexes: [{ path: "rate" }, { path: "at" }],
  handles: ["ItemAdded"],
  documentId: (event) => event.streamId,
  evolve: (_document, event) => ({
    at: `2024-02-29T23:59:59${event.streamId === "cart-2" ? "!" : "."}5+05:45`,
    long: "\\".repeat(400),
    rate: event.data.price / 3,
  }),
});

/** Everything that a store does, and what it said. */
async function useStore(databaseUrl: string, schema: string, setting: string): Promise<unknown> {
  const url = new URL(databaseUrl);
  url.searchParams.set("options", `-c ${setting}`);
  await using store = await openEventStore(url.href, {
    schema,
    projections: [visits],
    logger: recordLogs().logger,
    now: () => new Date("2024-02-29T23:59:59.999Z"),
  });
  // A store that opens waits for that, but on a busy machine not for long enough.
  await eventually(async () => expect(await store.projections.list()).toMatchObject([{ state: "live" }]));
  const tagged = { ...itemAdded("back\\slash 'n' quote", 1, 0.1 + 0.2), tags: ["a\\", "b"] };
  await store.appendToStream("it's-1\\", [tagged, confirmed], { expectedVersion: 0 });
  const query = [{ types: ["ItemAdded" as const], tags: ["a\\", "b"] }];
  const { boundary, events } = await store.readBoundary(query);
  await store.append([tagged], { streamId: "cart-2", condition: { query, after: boundary } });
  await store.transaction((tx) => tx.appendToStream("cart-2", [confirmed], { expectedVersion: 1 }));
  const documents = store.documents(visits);
  const wheres = [
    { at: { gte: new Date("2024-02-29T18:14:59.500Z"), lt: new Date("2024-02-29T18:14:59.501Z") } },
    { long: "\\".repeat(400), rate: { gt: 0.1, lte: (0.1 + 0.2) / 3 } },
  ];
  const found = await Promise.all(wheres.map((where) => documents.find({ where, orderBy: { rate: "desc" } })));

  const seen: string[] = [];
  const mailers = ["one", "two"].map((name) =>
    defineConsumer<CartEvent>({ name, shards: 3, filter: { types: ["ItemAdded"] }, handle: (event) => void seen.push(`${name} ${event.position}`) }),
  );
  const worker = store.createWorker({ consumers: mailers });
  await worker.start();
  await worker.caughtUp();
  await worker.stop();
  const log = await store.readAll({ filter: { streamIds: ["it's-1\\", "cart-2"] } }).toArray();
  return {
    events: events.length,
    log: log.map(({ id: _id, ...event }) => event),
    found,
    seen: seen.toSorted(),
    places: (await store.consumers.list()).map(({ name, lag }) => [name, lag.events]),
    asOf: await store.readStream("cart-2", { asOf: new Date("2024-02-29T23:59:59.998Z") }).toArray(),
    blockers: await store.blockers(),
    mark: await store.highWaterMark(),
    imported: await importInto(url.href, schema),
  };
}

/** Events with and without a time, into streams that the import knows and does not know. */
async function importInto(url: string, schema: string): Promise<unknown> {
  await using one = await open(url);
  const log = logOf(one.database, schema);
  const line = (streamId: string, recordedAt?: string): string => JSON.stringify({ streamId, type: "ItemAdded", data: { sku: "tea" }, recordedAt });
  const { written } = await log.import([line("cart-8", "1999-12-31T23:59:59.999Z"), line("cart-9"), line("cart-8")].join("\n"));
  return { written, early: (await log.export()).includes("1999-12-31T23:59:59.999Z") };
}

/** `plain`: what a session with no setting of its own does. */
const test = base.extend("plain", { scope: "file" }, ({ databaseUrl }) => useStore(databaseUrl, "plain", "search_path="));

test("the plain session finds what it wrote", ({ plain }) => {
  expect(plain).toMatchObject({
    events: 1,
    log: [{ version: 1 }, { version: 2 }, { version: 1 }, { version: 2 }],
    found: [[{ _id: "it's-1\\" }], [{ rate: (0.1 + 0.2) / 3 }, { rate: (0.1 + 0.2) / 3 }]],
    seen: ["one 1", "one 3", "two 1", "two 3"],
    places: [
      ["one", 0],
      ["two", 0],
    ],
    asOf: [],
    blockers: [],
    mark: 4,
    imported: { written: 3, early: true },
  });
});

test.for(settings)("%s = %s changes nothing", async ([name, value], { databaseUrl, schema, plain }) => {
  expect(await useStore(databaseUrl, schema, `${name}=${value.replaceAll(" ", "\\ ")}`)).toEqual(plain);
});
