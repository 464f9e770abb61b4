import { describe, expect, test as base } from "../support/test.ts";
import { documentOf, documentsOf, type Ended, inside, type InsideOptions } from "./run.ts";

/** A timer that waits, one that is parked, and one that recurs. */
const test = base.extend("timers", async ({ store, databaseUrl, schema, sql }) => {
  await store.schedule("order-7", { type: "PaymentTimedOut", data: {} }, { key: "payment-order-7", at: new Date("2050-01-02T03:04:05Z") });
  await store.schedule("order-8", { type: "PaymentTimedOut", data: {} }, { key: "parked", at: new Date("2020-01-01T00:00:00Z") });
  await store.schedule("reports", { type: "ReportDue", data: {} }, { key: "report", cron: "0 0 9 1 1 * 2060", timeZone: "Europe/Rome" });
  const at = `"${schema.replaceAll('"', '""')}".timers`;
  await sql.query(`update ${at} set attempts = 10, next_try_at = 'infinity', error_code = 'X', error_message = 'no good' where key = 'parked'`);
  const command = (args: readonly string[], options?: InsideOptions): Promise<Ended> =>
    inside(["timers", ...args, "--schema", schema], { ...options, env: { DATABASE_URL: databaseUrl } });
  return { command, store };
});

describe("tidemark timers", () => {
  test("lists them by due time, with what failed", async ({ timers: { command } }) => {
    expect(await command(["list"])).toEqual({
      code: 0,
      stderr: "",
      stdout: `key              due at                    stream   type             recurs                          attempts  error
parked           2020-01-01T00:00:00.000Z  order-8  PaymentTimedOut                                        10  parked: no good
payment-order-7  2050-01-02T03:04:05.000Z  order-7  PaymentTimedOut                                         0
report           2060-01-01T08:00:00.000Z  reports  ReportDue        0 0 9 1 1 * 2060 (Europe/Rome)         0
`,
    });
  });

  test("lists those that are asked for, as JSON too", async ({ timers: { command } }) => {
    const [first, ...others] = documentsOf(await command(["list", "--json", "--due-before", "2050-01-01"]));
    expect(others).toEqual([]);
    expect(first).toMatchObject({ key: "parked", streamId: "order-8", attempts: 10, parked: true, error: { code: "X", message: "no good" } });
    expect((await command(["list", "--limit", "2"])).stderr).toBe("There may be more than these 2: see --limit.\n");
    expect(await command(["list", "--due-before", "2000-01-01"])).toEqual({ code: 0, stdout: "", stderr: "There are no timers.\n" });
    expect(await command(["list", "--due-before", "soon"])).toMatchObject({ code: 2, stderr: expect.stringContaining("It must be a date or a time") });
  });

  test("cancels one, after asking", async ({ timers: { command, store } }) => {
    expect(await command(["cancel", "report"])).toMatchObject({ code: 2, stderr: expect.stringContaining("The timer report would never fire.") });
    expect(await store.timers.list()).toHaveLength(3);
    expect(await command(["cancel", "report", "--yes"])).toEqual({ code: 0, stdout: "The timer report is cancelled.\n", stderr: "" });
    expect(documentOf(await command(["cancel", "parked", "--yes", "--json"]))).toEqual({ cancelled: 1 });
    expect((await store.timers.list()).map(({ key }) => key)).toEqual(["payment-order-7"]);
    const gone = await command(["cancel", "report", "--yes"]);
    expect(gone.code).toBe(1);
    expect(gone.stderr).toContain('There is no timer "report"');
  });
});
