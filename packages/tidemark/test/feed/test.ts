import pg from "pg";
import type { EventStore } from "../../src/store/event-store.ts";
import { asApplication } from "../support/role.ts";
import { test as base } from "../support/test.ts";
import { beginTransaction, type OpenTransaction } from "./transaction.ts";
import { openStore } from "./open.ts";

export { describe, eventually, expect } from "../support/test.ts";

/**
 * `store`: a store in a schema of this test's own.
 * `begin`: opens a transaction of a user's own on a connection of its own; it is rolled back with the test.
 */
export const test = base
  .extend("store", async ({ databaseUrl, schema }, { onCleanup }): Promise<EventStore> => {
    const store = await openStore(databaseUrl, schema);
    onCleanup(() => store.close());
    return store;
  })
  .extend("begin", async ({ databaseUrl, application }, { onCleanup }) => {
    const clients: pg.Client[] = [];
    onCleanup(async () => {
      await Promise.all(clients.map((client) => client.end()));
    });
    return async (isolation?: string): Promise<OpenTransaction> => {
      const client = new pg.Client({ connectionString: asApplication(databaseUrl) });
      await client.connect();
      clients.push(client);
      return beginTransaction(application, client, isolation);
    };
  });
