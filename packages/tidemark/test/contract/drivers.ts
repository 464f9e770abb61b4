import { type EventStore, openEventStore, type StoreOptions } from "../../src/index.ts";
import { startMigratedPGlite } from "../support/migrated-pglite.ts";
import { asOwner } from "../support/role.ts";
import { test as base } from "../support/test.ts";

/** Opens a store in a PostgreSQL schema that no other test uses; it is closed after the test. */
export type Open = (options?: StoreOptions) => Promise<EventStore>;

type Connect = (options: StoreOptions) => Promise<EventStore>;
type Cleanup = (clean: () => Promise<void>) => void;

function opener(connect: Connect, schema: string, onCleanup: Cleanup): Open {
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

// One function for both, so that both have one type.
function testOn(driver: "PostgreSQL" | "PGlite") {
  return (
    base
      .extend("connect", { scope: "file" }, async ({ databaseUrl }, { onCleanup }): Promise<Connect> => {
        if (driver === "PostgreSQL") return (options) => openEventStore(databaseUrl, options);
        const pglite = await startMigratedPGlite();
        onCleanup(() => pglite.close());
        return (options) => openEventStore({ pool: pglite, ...options });
      })
      .extend("open", ({ connect, schema }, { onCleanup }): Open => opener(connect, schema, onCleanup))
      // Of the one whom the schema belongs to: no other may damage it.
      .extend("openOwner", ({ connect, databaseUrl, schema }, { onCleanup }): Open => {
        const connectOwner: Connect = driver === "PostgreSQL" ? (options) => openEventStore(asOwner(databaseUrl), options) : connect;
        return opener(connectOwner, schema, onCleanup);
      })
  );
}

const server = { driver: "PostgreSQL", test: testOn("PostgreSQL") };

/**
 * The drivers that keep the contract. What one connection cannot show (locks, visibility, races) is shown on a server alone,
 * under test/append and test/feed. A run on a server that was given is about that server.
 */
export const drivers = process.env["TIDEMARK_TEST_URL"] === undefined ? [server, { driver: "PGlite", test: testOn("PGlite") }] : [server];
