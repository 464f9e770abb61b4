import { type Added, fill, sums } from "./sums.ts";
import { eager } from "./worker.ts";
import { eventually, expect, test } from "./world.ts";

const waitingAppends = "select query from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query ~ 'append'";

test("a build that stands still while it writes keeps neither appends nor readers of the version that serves waiting", async ({ openStore, sql, start }) => {
  const store = await openStore({ projections: [sums("sums", { mode: "inline" })] });
  await fill(store, 300, 20);
  const written = Promise.withResolvers<void>();
  let commits = 0;
  const beforeCommit = (): Promise<void> => (++commits === 1 ? written.promise : Promise.resolve());
  const second = sums("sums", { version: 2, mode: "inline", by: 2 });
  const building = await start([second], { limits: eager, beforeCommit });
  try {
    await eventually(() => expect(commits).toBe(1));
    const append = { over: false };
    const appending = store.appendToStream("s-1", [{ type: "Added", data: { to: "d-1" } } satisfies Added]).finally(() => (append.over = true));
    while (!append.over) expect((await sql.query(waitingAppends)).rows).toEqual([]);
    await appending;
    expect(await store.documents("sums").get("d-1")).toMatchObject({ count: 16 });
    expect(commits).toBe(1);
  } finally {
    written.resolve();
  }
  await building.worker.caughtUp();
  expect(await store.documents(second, { stale: "allow" }).get("d-1")).toMatchObject({ count: 32 });
});
