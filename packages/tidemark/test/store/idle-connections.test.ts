import { describe, eventually, expect, recordLogs, test, times } from "./test.ts";

describe("idle connections that the server ends", () => {
  test("are told of once, and again only after a new one was there", async ({ openStore, sql }) => {
    const { logger, lines } = recordLogs();
    const store = await openStore({ logger, pool: { max: 5 } });
    const lost = (): number => lines.filter((line) => line.includes("an idle connection was lost")).length;
    for (const round of [1, 2]) {
      // Open all at once, so that each has a connection of its own.
      const all = Promise.withResolvers<void>();
      let open = 0;
      const wait = async (): Promise<void> => {
        if (++open === 5) all.resolve();
        await all.promise;
      };
      await Promise.all(times(5, () => store.transaction(wait)));
      expect(store.pool).toMatchObject({ totalCount: 5 });
      await sql.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tidemark' and datname = current_database() and state = 'idle'",
      );
      await eventually(() => expect(store.pool).toMatchObject({ totalCount: 0 }));
      expect(lost()).toBe(round);
    }
  });
});
