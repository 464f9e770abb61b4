import pg from "pg";
import type { EventStore } from "../../../src/index.ts";
import { itemAdded } from "../../support/cart.ts";
import { describe, eventually, expect } from "../../support/test.ts";
import { drivers } from "../../contract/drivers.ts";
import { notes } from "./versions.ts";

const tea = itemAdded("tea", 1, 1);

/** Which version had the effects of each event. */
async function effects(store: EventStore, at: string): Promise<readonly (readonly [number, readonly number[]])[]> {
  const { rows } = await store.query<{ position: string; versions: string }>(`
    select position::text, string_agg(version::text, ',' order by version) filter (where effects) as versions
      from (select 1 as version, * from ${at}.notes1 union all select 2, * from ${at}.notes2) as n
     group by position order by n.position`);
  return rows.map(({ position, versions }) => [Number(position), (versions ?? "").split(",").filter(Boolean).map(Number)]);
}

async function serving(store: EventStore, version: number): Promise<void> {
  await eventually(async () => expect(await store.projections.get("notes", { version })).toMatchObject({ serving: true }));
}

describe.for(drivers)("tx.replaying on $driver", ({ test }) => {
  for (const inBatches of [false, true]) {
    const how = inBatches ? "in batches" : "one by one";

    test(`is true in an async version up to where the one before ended, ${how}`, async ({ open, schema }) => {
      const at = pg.escapeIdentifier(schema);
      const [one, two] = [notes(1, at, { mode: "async", inBatches }), notes(2, at, { mode: "async", inBatches })];
      const store = await open();
      {
        await using worker = store.createWorker({ projections: [one] });
        await worker.start();
        for (let n = 0; n < 3; n++) await store.appendToStream("cart-1", [tea]);
        await worker.caughtUp();
      }
      // Nobody has these so far, and only the new code is started again.
      for (let n = 0; n < 3; n++) await store.appendToStream("cart-1", [tea]);
      await using worker = store.createWorker({ projections: [two] });
      await worker.start();
      await serving(store, 2);
      await worker.caughtUp();
      expect(await effects(store, at)).toEqual([1, 2, 3, 4, 5, 6].map((position) => [position, [position <= 3 ? 1 : 2]]));
    });

    test(`leaves the effects of each event to exactly one of two that are followed over the swap and back, ${how}`, async ({ open, schema }) => {
      const at = pg.escapeIdentifier(schema);
      const projections = [notes(1, at, { mode: "async", inBatches }), notes(2, at, { mode: "async", inBatches })];
      const store = await open();
      await using worker = store.createWorker({ projections });
      await worker.start();
      const run = { going: true };
      const appending = (async () => {
        while (run.going) await store.appendToStream("cart-1", [tea]).catch(() => (run.going = false));
      })();
      await serving(store, 2);
      await store.projections.rollBack("notes");
      await store.projections.swap("notes");
      run.going = false;
      await appending;
      await worker.caughtUp();
      const all = await effects(store, at);
      expect(all.filter(([, versions]) => versions.length !== 1)).toEqual([]);
      expect(all.length).toBe(await store.highWaterMark());
    });
  }

  test("is true in an inline version until it serves, and then in the one before", async ({ open, schema }) => {
    const at = pg.escapeIdentifier(schema);
    const store = await open({ projections: [notes(1, at, { mode: "inline" }), notes(2, at, { mode: "inline", rebuild: "manual" })] });
    await store.appendToStream("cart-1", [tea]);
    await store.projections.rebuild("notes", { swap: "manual" });
    await store.appendToStream("cart-1", [tea]);
    await store.projections.swap("notes");
    await store.appendToStream("cart-1", [tea]);
    await store.projections.rollBack("notes");
    await store.appendToStream("cart-1", [tea]);
    expect(await effects(store, at)).toEqual([
      [1, [1]],
      [2, [1]],
      [3, [2]],
      [4, [1]],
    ]);
  });
});
