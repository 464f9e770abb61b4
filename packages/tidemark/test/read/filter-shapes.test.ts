import { expect, test } from "../support/test.ts";

test("hundreds of shapes of a filter leave few statements on a connection", async ({ openStore }) => {
  const store = await openStore({ pool: { max: 1 } });
  await store.appendToStream("other-1", [{ type: "Other", data: {} }]);
  const shapes = [{ types: ["A"] }, { categories: ["a"] }, { tags: ["a"] }, { streamIds: ["a-1"] }];
  for (let again = 0; again < 4; again++) {
    for (let n = 1; n <= 80; n++) {
      const filter = Array.from({ length: 1 + (n % 20) }, (_, i) => shapes[(n + i * (1 + (n % 3))) % 4] ?? {});
      expect(await store.readAll({ filter }).toArray()).toEqual([]);
    }
  }
  const { rows } = await store.query<{ n: number }>("select count(*)::int as n from pg_prepared_statements where name like 'tidemark%read_all%'");
  expect(rows[0]?.n).toBeGreaterThan(10);
  expect(rows[0]?.n).toBeLessThanOrEqual(32);
});
