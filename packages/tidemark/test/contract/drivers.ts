import { PGlite } from "@electric-sql/pglite";
import { type EventStore, openEventStore, type StoreOptions } from "../../src/index.ts";
import { test as base } from "../support/test.ts";

/** Opens a store in a PostgreSQL schema that no other test uses; it is closed after the test. */
export type Open = (options?: StoreOptions) => Promise<EventStore>;

type Cleanup = (clean: () => Promise<void>) => void;

function opener(connect: (options: StoreOptions) => Promise<EventStore>, schema: string, onCleanup: Cleanup): Open {
  const opened: EventStore[] = [];
  onCleanup(async () => {
    for (const store of opened) await store.close();
  });
  return async (options) => {
    const store = await connect({ schema, ...options });
    opened.push(store);
    return store;
  };
}

const server = base.extend("open", ({ databaseUrl, schema }, { onCleanup }): Open =>
  opener((options) => openEventStore(databaseUrl, options), schema, onCleanup),
);

const embedded = base
  .extend("pglite", { scope: "file" }, async ({}, { onCleanup }) => {
    const pglite = await PGlite.create();
    onCleanup(() => pglite.close());
    return pglite;
  })
  .extend("open", ({ pglite, schema }, { onCleanup }): Open => opener((options) => openEventStore({ pool: pglite, ...options }), schema, onCleanup));

/**
 * The drivers that keep the contract. What one connection cannot show (locks, visibility, races) is shown on a server alone,
 * under test/append and test/feed.
 */
export const drivers = [
  { driver: "PostgreSQL", test: server },
  { driver: "PGlite", test: embedded },
] as const;
