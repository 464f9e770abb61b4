import pg from "pg";
import { describe, expect, test as base } from "../support/test.ts";
import { documentOf, type Ended, inside } from "./run.ts";

const test = base.extend(
  "doctor",
  ({ databaseUrl, schema }) =>
    (args: readonly string[] = []): Promise<Ended> =>
      inside(["doctor", "--url", databaseUrl, "--schema", schema, ...args]),
);

describe("tidemark doctor", () => {
  test("prints what is wrong and how to mend it, and exits with 1 for an error", async ({ store, sql, schema, doctor }) => {
    await store.highWaterMark();
    const at = pg.escapeIdentifier(schema);
    await sql.query(`drop index ${at}.events_recorded_at_brin`);
    const { code, stdout, stderr } = await doctor();
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^error: object-missing\n {2}The index events\.events_recorded_at_brin is missing\.\n {2}The library's statements need it, .*\n {2}mend: create index concurrently events_recorded_at_brin on .* USING brin \(recorded_at\);$/m,
    );
    // The server of the tests is not durable.
    expect(stderr).toMatch(/^3 errors, 0 warnings, \d+ worth knowing\./);
    expect(documentOf(await doctor(["--json"]))).toMatchObject(
      expect.arrayContaining([expect.objectContaining({ code: "object-missing", severity: "error", mend: expect.stringContaining("create index") })]),
    );
  });

  test("works on a schema that does not fit", async ({ store, sql, schema, doctor }) => {
    await store.highWaterMark();
    await sql.query(`delete from ${pg.escapeIdentifier(schema)}.migrations; drop table ${pg.escapeIdentifier(schema)}.timers cascade`);
    const { code, stdout } = await doctor();
    expect(code).toBe(1);
    expect(stdout).toContain("The table timers is missing.");
  });
});
