import { openEventStore } from "tidemark";
import { eventually, expect, firedIn, reminded } from "./test.ts";
import { test } from "vitest";
import { recordWarnings } from "../database/open.ts";

test("timers work in an embedded database", async () => {
  const store = await openEventStore({ logger: recordWarnings().logger });
  const worker = store.createWorker({ timers: true });
  try {
    await store.schedule("reminder-1", reminded(1), { key: "cancelled", at: new Date(0) });
    expect(await store.timers.cancel("cancelled")).toBe(true);
    await worker.start();
    const { eventId, dueAt } = await store.schedule("reminder-1", reminded(2), { key: "once", in: 100 });
    await store.transaction((tx) => tx.schedule("reminder-2", reminded(3), { key: "recurring", cron: "* * * * * *" }));
    const [fired] = await firedIn(store, "reminder-1");
    expect(fired).toMatchObject({ id: eventId, data: { n: 2 } });
    expect(fired?.recordedAt.getTime()).toBeGreaterThanOrEqual(dueAt.getTime());
    await firedIn(store, "reminder-2", 2);
    await eventually(async () => expect(await store.timers.list()).toMatchObject([{ key: "recurring" }]));
  } finally {
    await worker.stop();
    await store.close();
  }
});
