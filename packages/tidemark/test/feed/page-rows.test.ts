import { openPgDatabase } from "../../src/database/pg.ts";
import { checkPool } from "../../src/arguments/pool-options.ts";
import { everything, LogPages } from "../../src/feed/log-pages.ts";
import { StatementsBySize } from "../../src/read/statements-by-size.ts";
import { silent } from "./open.ts";
import { expect, test } from "./test.ts";

test("a reader of the log gets pages of no more rows than it allows at the time, and misses nothing", async ({ store, databaseUrl, schema }) => {
  await store.appendToStream(
    "s-1",
    Array.from({ length: 900 }, () => ({ type: "Counted", data: {} })),
  );
  const database = await openPgDatabase({ connection: databaseUrl, settings: checkPool({}, "pool").pool, prepare: true, logger: silent });
  try {
    let most = 100;
    const pages = new LogPages(database, new StatementsBySize(schema)).open(0, 900, everything, new AbortController().signal, {
      mostRows: () => most,
      ahead: () => false,
    });
    const sizes: number[] = [];
    for (let last = false; !last;) {
      const page = await pages.next();
      sizes.push(page.rows.length);
      ({ last } = page);
      if (sizes.length === 3) most = Number.POSITIVE_INFINITY;
    }
    expect(sizes).toEqual([100, 100, 100, 600]);
  } finally {
    await database.close();
  }
});
