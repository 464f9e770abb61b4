import type { TidemarkError } from "tidemark";
import { Retries } from "../../src/timers/retries.ts";
import { timerStatements } from "../../src/timers/timer-statements.ts";
import { open } from "../database/open.ts";
import { describe, expect, firedIn, reminded, test } from "./test.ts";

/** So often an event has not been appended before the last try. */
const failures = 9;

describe("a worker whose last try of a timer failed", () => {
  test("does not park it once another worker has fired it", async ({ databaseUrl, schema, store, sql, q, fire }) => {
    const recurring = { key: "daily", cron: "0 0 * * *", timeZone: "UTC" };
    await store.schedule("reminder-1", reminded(), recurring);
    await sql.query(`update ${q}.timers set due_at = now() - interval '1 hour', attempts = ${failures}, next_try_at = now() - interval '1 minute'`);
    await using opened = await open(databaseUrl);
    const told: TidemarkError[] = [];
    const context = { database: opened.database, statements: timerStatements(schema), report: (error: TidemarkError) => void told.push(error) };
    const late = new Retries(context, "", {
      async single() {
        await fire();
        await firedIn(store, "reminder-1");
        return { kind: "failed", error: new Error("refused") };
      },
    });
    expect(await late.due(1)).toBe(1);
    expect(await store.timers.list()).toMatchObject([{ key: "daily", attempts: 0, parked: false }]);
  });

  test("does not park it once it was set again", async ({ databaseUrl, schema, store, sql, q }) => {
    const id = crypto.randomUUID();
    await store.schedule("reminder-1", { ...reminded(), id }, { key: "once", at: new Date(0) });
    await sql.query(`update ${q}.timers set attempts = ${failures}, next_try_at = now() - interval '1 minute'`);
    await using opened = await open(databaseUrl);
    const late = new Retries({ database: opened.database, statements: timerStatements(schema), report: () => {} }, "", {
      async single() {
        await store.schedule("reminder-1", { ...reminded(), id }, { key: "once", at: new Date(0) });
        return { kind: "failed", error: new Error("refused") };
      },
    });
    expect(await late.due(1)).toBe(1);
    expect(await store.timers.list()).toMatchObject([{ key: "once", attempts: 0, parked: false }]);
  });
});
