import pg from "pg";
import { PositionsTakenError } from "../../src/transfer/transfer-error.ts";
import { describe, expect, gate, item, lines, parsed, rejection, test } from "./test.ts";

const groups = { events: 3, size: 1_000_000 };
const kept = { keepPositions: true, groups };

/** Events at 5, 10, 15 …, as a log with gaps has them. */
const events = Array.from({ length: 10 }, (_, n) => item(`cart-${n % 3}`, n, { position: (n + 1) * 5 }));
const file = lines(...events);
const positions = events.map((_, n) => (n + 1) * 5);

describe("an import that keeps positions", () => {
  test("leaves the checkpoints of readers true, and appends go on behind it", async ({ log, store }) => {
    expect(await log.import(file, kept)).toMatchObject({ written: 10, lastPosition: 50 });
    expect((await store.readAll().toArray()).map(({ position }) => position)).toEqual(positions);
    expect((await store.readAll({ after: 35 }).toArray()).map(({ data }) => data)).toEqual([{ n: 7 }, { n: 8 }, { n: 9 }]);
    expect(await store.highWaterMark()).toBe(50);
    expect((await store.appendToStream("cart-1", [{ type: "ItemAdded", data: {} }])).position).toBe(51);
  });

  test("goes on after it was cut short, also where only a part of a group is there", async ({ log }) => {
    await log.import(lines(...events.slice(0, 4)), kept);
    expect(await log.import(file, kept)).toMatchObject({ written: 6, repeated: 4 });
    expect(parsed(await log.export()).map(({ position }) => position)).toEqual(positions);
  });

  test("writes over positions that the sequence had lost to rolled-back appends", async ({ log, store }) => {
    await rejected(
      store.transaction(async (tx) => {
        await tx.appendToStream(
          "other",
          Array.from({ length: 30 }, () => ({ type: "ItemAdded", data: {} })),
        );
        throw new Error("no");
      }),
    );
    await log.import(file, kept);
    expect(parsed(await log.export()).map(({ position }) => position)).toEqual(positions);
    expect((await store.appendToStream("s", [{ type: "ItemAdded", data: {} }])).position).toBe(51);
  });

  test("refuses a store that holds something else", async ({ log, store }) => {
    await store.appendToStream("other", [{ type: "ItemAdded", data: {} }]);
    const error = await rejection(log.import(file, kept));
    expect(error).toBeInstanceOf(PositionsTakenError);
    expect(error).toMatchObject({ message: expect.stringContaining("the log ends at position 1 with 1 events") });
    expect(parsed(await log.export())).toHaveLength(1);
  });

  test("refuses a store that holds something else among the beginning of the import", async ({ log }) => {
    const named = events.map((event, n) => ({ ...event, id: `0190a6b1-5c1e-7b6a-9d5e-${String(n).padStart(12, "0")}` }));
    await log.import(lines(...named.slice(0, 2), item("stranger", 0, { position: 12 }), ...named.slice(2, 4)), kept);
    expect(await rejection(log.import(lines(...named), kept))).toMatchObject({
      code: "POSITIONS_TAKEN",
      message: expect.stringContaining("ends at position 20 with 5 events"),
    });
    expect(parsed(await log.export())).toHaveLength(5);
  });

  test("stops when somebody appends meanwhile, and loses neither's events", async ({ log, store }) => {
    // Two hundred groups: the append, which begins beside the second of them, comes before the last.
    const long = lines(...Array.from({ length: 600 }, (_, n) => item(`cart-${n % 3}`, n, { position: n + 1 })));
    let appended: Promise<unknown> | undefined;
    const error = await rejection(
      log.import(long, {
        ...kept,
        progress: ({ written }) => {
          if (written === 3) appended = store.appendToStream("other", [{ type: "Other", data: {} }]);
        },
      }),
    );
    expect(error).toMatchObject({ code: "POSITIONS_TAKEN" });
    await appended;
    const found = parsed(await log.export());
    expect(found.filter(({ type }) => type === "Other")).toHaveLength(1);
    expect(found.map(({ position }) => position)).toEqual(found.map(({ position }) => Number(position)).toSorted((a, b) => a - b));
  });

  test("waits for an append in flight, so that no reader passes what is written", async ({ log, store, sql, schema }) => {
    const q = pg.escapeIdentifier(schema);
    const appended = gate();
    const end = gate();
    const holder = store.transaction(async (tx) => {
      await tx.appendToStream("other", [{ type: "Other", data: {} }]);
      appended.open();
      await end.opened;
    });
    await appended.opened;
    let importing: Promise<unknown> | undefined;
    try {
      importing = rejection(log.import(file, kept));
      await expect
        .poll(
          async () =>
            (await sql.query("select 1 from pg_stat_activity where wait_event = 'advisory' and query like '%import_events%' and datname = current_database()"))
              .rowCount,
          { timeout: 60_000 },
        )
        .toBe(1);
      expect((await sql.query(`select 1 from ${q}.events`)).rowCount).toBe(0);
    } finally {
      end.open();
      await holder;
    }
    expect(await importing).toMatchObject({ code: "POSITIONS_TAKEN" });
  });

  test("refuses lines whose positions are missing or do not rise", async ({ log }) => {
    const bad = lines(item("s", 1, { position: 3 }), item("s", 2), item("s", 3, { position: 3 }), item("s", 4, { position: 2 }), item("s", 5, { position: 9 }));
    const { written, told } = await log.import(bad, { ...kept, onBadLine: "skip" });
    expect(written).toBe(2);
    expect(told.map(({ line, reason }) => [line, reason])).toEqual([
      [2, "position is missing, and --keep-positions needs one on every line"],
      [3, "position is 3, after 3; positions rise through the file"],
      [4, "position is 2, after 3; positions rise through the file"],
    ]);
  });

  test("tells an event that is there at another position", async ({ log }) => {
    const one = item("s", 1, { id: "0190a6b1-5c1e-7b6a-9d5e-3f1c2b4a6d78" });
    await log.import(lines({ ...one, position: 3 }), kept);
    expect(await log.import(lines({ ...one, position: 4 }), { ...kept, onBadLine: "skip" })).toMatchObject({
      written: 0,
      told: [{ line: 1, reason: expect.stringContaining("at another position") }],
    });
  });
});

async function rejected(promise: Promise<unknown>): Promise<void> {
  await expect(promise).rejects.toThrow("no");
}
