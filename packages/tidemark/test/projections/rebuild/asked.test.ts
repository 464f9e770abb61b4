import pg from "pg";
import { documentProjection, type DocumentProjection } from "tidemark";
import { type Added, fill, type Sum } from "./sums.ts";
import { expect, test } from "./world.ts";

/** Counts on each time that it is asked anew, so that a check finds every document different. */
function impure(version: number): DocumentProjection<Sum> {
  let calls = 0;
  return documentProjection<Sum, Added>({
    name: "sums",
    version,
    mode: "inline",
    rebuild: "manual",
    collection: "sums",
    documentId: ({ data }) => data.to,
    evolve: { Added: () => ({ count: ++calls }) },
  });
}

test("a build compares about as many documents, and is read as fast, as the call asked for", async ({ openStore, sql, schema }) => {
  const store = await openStore({ projections: [impure(1), impure(2)], logger: { debug() {}, info() {}, warn() {}, error() {} } });
  await fill(store, 300, 300);
  await expect(store.projections.rebuild("sums", { check: 20, eventsPerSecond: 50_000 })).rejects.toMatchObject({ code: "PROJECTION_CHECK_FAILED" });
  const { rows } = await sql.query<{ compared: number }>(
    `select events_per_second, (error ->> 'compared')::integer as compared from ${pg.escapeIdentifier(schema)}.projection_builds where version = 2`,
  );
  expect(rows).toEqual([{ events_per_second: 50_000, compared: expect.any(Number) }]);
  expect(rows[0]?.compared).toBeGreaterThan(5);
  expect(rows[0]?.compared).toBeLessThan(60);
});
