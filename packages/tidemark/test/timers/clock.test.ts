import { openEventStore } from "tidemark";
import { vi } from "vitest";
import { expect, firedIn, reminded, test } from "./test.ts";

const day = 86_400_000;

test.for([-400 * day, 400 * day])("timers go by the database's clock, whatever the process's own says (%s ms)", async (aside, { store, sql, fire }) => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + aside });
  try {
    await fire();
    const { dueAt } = await store.schedule("reminder-1", reminded(), { key: "r-1", in: 300 });
    const cron = await store.schedule("reminder-2", reminded(), { key: "r-2", cron: "* * * * * *" });
    const { rows } = await sql.query<{ now: Date }>("select clock_timestamp() as now");
    for (const due of [dueAt, cron.dueAt]) expect(Math.abs(due.getTime() - (rows[0]?.now.getTime() ?? 0))).toBeLessThan(day);
    const [fired] = await firedIn(store, "reminder-1");
    const [first, second] = await firedIn(store, "reminder-2", 2);
    expect(fired?.recordedAt.getTime()).toBeGreaterThanOrEqual(dueAt.getTime());
    expect(first?.recordedAt.getTime()).toBeGreaterThanOrEqual(cron.dueAt.getTime());
    expect(second?.metadata["timer"]).not.toEqual(first?.metadata["timer"]);
  } finally {
    vi.useRealTimers();
  }
});

test("a store of another clock records what its clock says, and fires by the database's", async ({ databaseUrl, schema, fire }) => {
  const now = new Date("2001-02-03T04:05:06.789Z");
  const dated = await openEventStore(databaseUrl, { schema, now: () => now });
  try {
    await fire(dated);
    const { dueAt } = await dated.schedule("reminder-1", reminded(), { key: "r-1", in: 0 });
    expect(dueAt.getTime()).toBeGreaterThan(now.getTime());
    expect(await firedIn(dated, "reminder-1")).toMatchObject([{ recordedAt: now }]);
  } finally {
    await dated.close();
  }
});
