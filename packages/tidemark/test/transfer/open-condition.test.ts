import pg from "pg";
import type { EventStore } from "../../src/index.ts";
import { type CourseEvent, seatOf, seatTaken } from "../support/courses.ts";
import { waitersFor } from "../append/test.ts";
import { describe, eventually, expect, gate, item, lines, test } from "./test.ts";

const decide = { condition: { query: seatOf("c1") } };
const imported = { streamId: "imported", type: "SeatTaken", data: { imported: true }, tags: ["course:c1"], position: 10 };

interface Case {
  readonly what: string;
  /** The import's lines; one matches the condition. */
  readonly file: string;
  readonly keepPositions: boolean;
  readonly tenant: string;
}

/** More tags than an import takes claims on, one by one. */
const manyTags = Array.from({ length: 20 }, (_, n) => item("bulk", n, { tags: Array.from({ length: 60 }, (_, tag) => `t:${n}-${tag}`), position: n + 20 }));

const cases: readonly Case[] = [
  { what: "an import", file: lines(imported), keepPositions: false, tenant: "" },
  { what: "an import of many tags", file: lines(imported, ...manyTags), keepPositions: false, tenant: "" },
  { what: "an import of several tenants", file: lines(item("other", 1), { ...imported, tenant: "acme" }), keepPositions: false, tenant: "acme" },
  { what: "an import that keeps positions", file: lines(imported, ...manyTags), keepPositions: true, tenant: "" },
];

/** Resolves when a group of an import waits for an advisory lock. */
function importWaits(sql: pg.Pool): Promise<void> {
  return eventually(async () => {
    const { rows } = await sql.query(
      "select from pg_stat_activity where datname = current_database() and wait_event = 'advisory' and query like '%import_events%'",
    );
    expect(rows).toHaveLength(1);
  });
}

/** Resolves when an append waits at the gate, which the import holds. */
function gateWaits(sql: pg.Pool): Promise<void> {
  return eventually(async () => {
    const { rows } = await sql.query("select from pg_stat_activity where datname = current_database() and wait_event = 'advisory' and query ~ '\\.append_'");
    expect(rows).not.toHaveLength(0);
  });
}

/** What a promise comes to, also an error, and whether it has. */
function settled(promise: Promise<unknown>): { readonly outcome: Promise<unknown>; ended(): boolean } {
  let over = false;
  const outcome = promise.catch((error: unknown) => error).finally(() => (over = true));
  return { outcome, ended: () => over };
}

function ofTenant(store: EventStore, tenant: string): Pick<EventStore, "append" | "transaction" | "readBoundary"> {
  return tenant === "" ? store : store.forTenant(tenant);
}

describe.for(cases)("$what", ({ file, keepPositions, tenant }) => {
  test("waits for an open condition that its events match, which comes first", async ({ log, store, sql }) => {
    const appended = gate();
    const end = gate();
    const deciding = ofTenant(store, tenant).transaction(async (tx) => {
      await tx.append<CourseEvent>([seatTaken("c1", "s1")], decide);
      appended.open();
      await end.opened;
    });
    await appended.opened;
    const transfer = settled(log.import(file, { keepPositions }));
    try {
      await importWaits(sql);
      expect(transfer.ended()).toBe(false);
    } finally {
      end.open();
      await deciding;
    }
    const report = await transfer.outcome;
    const seats = (await store.readAll({ tenants: "all", filter: { types: ["SeatTaken"] } }).toArray()).map(({ streamId }) => streamId);
    if (keepPositions) {
      expect(report).toMatchObject({ code: "POSITIONS_TAKEN" });
      expect(seats).toEqual(["course-c1"]);
    } else {
      expect(report).toMatchObject({ bad: 0 });
      expect(seats).toEqual(["course-c1", "imported"]);
    }
  });

  test("keeps a condition waiting while it is open, which then fails on its events", async ({ log, store, sql, schema, databaseUrl }) => {
    await store.highWaterMark();
    const q = pg.escapeIdentifier(schema);
    // Holds the import's transaction open after its claims and its events, as a slow disk would. Its own lock_timeout would end it.
    await sql.query(`
      create function ${q}.hold_import() returns trigger language plpgsql set lock_timeout = 0 as $$
      begin
        perform pg_catalog.pg_advisory_xact_lock_shared(4242);
        return null;
      end $$;
      create trigger hold_import after insert on ${q}.events for each row when (new.data ->> 'imported' is not null) execute function ${q}.hold_import()`);
    const holder = new pg.Client(databaseUrl);
    await holder.connect();
    try {
      await holder.query("select pg_advisory_lock(4242)");
      const transfer = settled(log.import(file, { keepPositions }));
      await importWaits(sql);
      const decider = ofTenant(store, tenant);
      const { events, boundary } = await decider.readBoundary(decide.condition.query);
      expect(events).toEqual([]);
      const decision = settled(decider.append<CourseEvent>([seatTaken("c1", "s1")], { condition: { ...decide.condition, after: boundary } }));
      if (keepPositions) await gateWaits(sql);
      else await waitersFor(sql, 1);
      expect(decision.ended()).toBe(false);
      await holder.query("select pg_advisory_unlock(4242)");
      expect(await transfer.outcome).toMatchObject({ bad: 0 });
      expect(await decision.outcome).toMatchObject({ code: "CONDITION_FAILED", streamId: "imported" });
    } finally {
      await holder.end();
    }
  });
});
