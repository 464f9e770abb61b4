import { checkPool } from "../../../src/arguments/pool-options.ts";
import type { Database, TextRow } from "../../../src/database/database.ts";
import { openPgDatabase } from "../../../src/database/pg.ts";
import { createBuiltIndexes } from "../../../src/projections/rebuild/create-indexes.ts";
import { silent } from "../../feed/open.ts";
import { sums } from "./sums.ts";
import { defined } from "./worker.ts";
import { expect, test } from "./world.ts";

test("indexes are made in a transaction that the server ends with the lease of whoever stands still in it", async ({
  openStore,
  databaseUrl,
  schema,
  onTestFinished,
}) => {
  const projection = sums("sums", { indexed: true });
  await openStore({ projections: [projection] });
  const database = await openPgDatabase({ connection: databaseUrl, settings: checkPool({}, "pool").pool, prepare: true, logger: silent });
  onTestFinished(() => database.close());
  const limits: (readonly TextRow[])[] = [];
  const transaction: Database["transaction"] = (work, options) =>
    database.transaction(async (session) => {
      const result = await work(session);
      limits.push(await session.query({ name: "limit", text: "select current_setting('idle_in_transaction_session_timeout') as ms" }, []));
      return result;
    }, options);
  const watched = new Proxy(database, { get: (target, key) => (key === "transaction" ? transaction : Reflect.get(target, key)) });
  await createBuiltIndexes(watched, schema, defined(projection), 1_500);
  expect(limits).toEqual([[{ ms: "1500ms" }]]);
});
