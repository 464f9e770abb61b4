import fc from "fast-check";
import type pg from "pg";
import { type BoundaryQuery, documentProjection, type EventStore, executeCommand, type NewEvent } from "tidemark";
import { type CourseEvent, offered, seatOf, seatTaken } from "../support/courses.ts";
import { describe, expect, rejection, test, times, waitersFor } from "./test.ts";

/** An append with the query of its condition: `[]` would be everything, undefined is none. */
interface Claimant {
  readonly type: string;
  readonly tags: readonly string[];
  readonly query: BoundaryQuery | undefined;
}

const types = fc.constantFrom("A", "B");
const tags = fc.uniqueArray(fc.constantFrom("x", "y", "z"), { maxLength: 2 });
const item = fc.record(
  { types: fc.uniqueArray(types, { minLength: 1 }), tags: fc.uniqueArray(fc.constantFrom("x", "y", "z"), { minLength: 1, maxLength: 2 }) },
  { requiredKeys: [] },
);
const claimant: fc.Arbitrary<Claimant> = fc.record({
  type: types,
  tags,
  query: fc.option(fc.array(item, { minLength: 1, maxLength: 2 }), { nil: undefined, freq: 5 }),
});

function matches({ type, tags: carried }: Claimant, query: BoundaryQuery | undefined): boolean {
  return query?.some((each) => (each.types?.includes(type) ?? true) && (each.tags?.every((tag) => carried.includes(tag)) ?? true)) === true;
}

/** Whether both need the same lock, one of them alone. Said here once more, without hashes. */
function share(one: Claimant, other: Claimant): boolean {
  const alone = (query: BoundaryQuery = []): string[] =>
    query.flatMap((each) => (each.tags ? [`tag ${each.tags[0]}`] : (each.types?.map((type) => `type ${type}`) ?? ["all"])));
  const shared = ({ type, tags: carried }: Claimant): string[] => ["all", `type ${type}`, ...carried.map((tag) => `tag ${tag}`)];
  const needs = (a: Claimant, b: Claimant): boolean => alone(a.query).some((name) => [...alone(b.query), ...shared(b)].includes(name));
  return needs(one, other) || needs(other, one);
}

function eventOf({ type, tags: carried }: Claimant): NewEvent {
  return { type, data: {}, tags: carried };
}

describe("of two appends at once", () => {
  test("those that can fail each other never both succeed, and the others never fail each other", async ({ store, client, sql }) => {
    const user = await client();
    let runs = 0;
    let waits = 0;
    await fc.assert(
      fc.asyncProperty(claimant, claimant, fc.boolean(), async (first, second, commits) => {
        const tenant = store.forTenant(`t${runs++}`);
        const begun = async ({ query }: Claimant) => query && { condition: { query, after: (await tenant.readBoundary(query)).boundary } };
        // Something is there already, which neither may fail on.
        await tenant.append([eventOf(first), eventOf(second)], { streamId: "before" });
        const [mine, theirs] = [await begun(first), await begun(second)];

        await user.query("begin");
        await tenant.withTransaction(user).append([eventOf(first)], { streamId: "first", ...mine });
        let settled = false;
        const outcome = tenant.append([eventOf(second)], { streamId: "second", ...theirs }).then(
          () => "written",
          (error: unknown) => error,
        );
        void outcome.finally(() => (settled = true));
        const waits1 = waitersFor(sql, 1).then(() => "waits");
        waits1.catch(() => {});
        const met = await Promise.race([outcome.then(() => "settled"), waits1]);
        expect(met).toBe(share(first, second) ? "waits" : "settled");
        if (met === "waits") waits++;
        expect(settled).toBe(met === "settled");
        await user.query(commits ? "commit" : "rollback");

        if (commits && matches(first, second.query)) expect(await outcome).toMatchObject({ code: "CONDITION_FAILED", streamId: "first", type: first.type });
        else expect(await outcome).toBe("written");
      }),
      { numRuns: 120 },
    );
    expect(waits).toBeGreaterThan(20);
  });

  test("the racers of several stores for one seat have exactly one winner, each time", async ({ openStore, client }) => {
    const stores = await Promise.all(times(4, () => openStore({ pool: { max: 4 } })));
    const first = stores[0];
    if (!first) throw new Error("There are four.");
    for (let round = 0; round < 10; round++) {
      // Nobody can go before the holder ends: it has the tag, and its event is none that a condition is about.
      const holder = await client();
      await holder.query("begin");
      await first.withTransaction(holder).append([offered(`c${round}`)]);
      const racers = stores.flatMap((store, n) =>
        times(5, (i) =>
          store.append<CourseEvent>([seatTaken(`c${round}`, `s${n}-${i}`)], { streamId: `${round}-${n}-${i}`, condition: { query: seatOf(`c${round}`) } }),
        ),
      );
      const outcomes = Promise.allSettled(racers);
      await holder.query("commit");
      const results = await outcomes;
      expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      for (const result of results) if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "CONDITION_FAILED", type: "SeatTaken" });
      expect((await first.readBoundary(seatOf(`c${round}`))).events).toHaveLength(1);
    }
  });
});

/** Takes one of the two seats of a course. */
const takeSeat = (student: string) => ({
  query: (course: string) => seatOf(course),
  initialState: () => 0,
  evolve: (taken: number) => taken + 1,
  decide: (course: string, taken: number): NewEvent<CourseEvent>[] => (taken > 1 ? [] : [seatTaken(course, student)]),
});

describe("while another append is open", () => {
  test("decisions by tags on what is committed succeed at once, though the mark stands still", async ({ store, client }) => {
    const stranger = await client();
    await stranger.query("begin");
    await store.withTransaction(stranger).append([{ type: "SeatTaken", data: {}, tags: ["course:other"] }]);
    const mark = await store.highWaterMark();
    await store.append([{ type: "Noted", data: {}, tags: ["course:c0"] }]);
    for (let n = 0; n < 30; n++) {
      // The second of them on an event above the mark.
      for (const student of ["s1", "s2"]) {
        const { attempts, events } = await executeCommand(store, takeSeat(student), `c${n}`);
        expect({ attempts, events: events.length }).toEqual({ attempts: 1, events: 1 });
      }
      expect((await executeCommand(store, takeSeat("s3"), `c${n}`)).events).toEqual([]);
    }
    expect(await store.highWaterMark()).toBe(mark);
    await stranger.query("rollback");
  });

  test("an event that it writes below the last one seen fails the condition, and one that it takes back does not", async ({ store, client }) => {
    for (const end of ["commit", "rollback"] as const) {
      const course = `c-${end}`;
      const stranger = await client();
      await stranger.query("begin");
      const hidden = await store.withTransaction(stranger).append([seatTaken(course, "s1")], { streamId: "a" });
      const seen = await store.append([seatTaken(course, "s2")], { streamId: "b" });
      const { events, boundary } = await store.readBoundary(seatOf(course));
      expect(events.map(({ position }) => position)).toEqual([seen.position]);
      expect(hidden.position).toBeLessThan(seen.position);
      await stranger.query(end);
      const appended = store.append<CourseEvent>([seatTaken(course, "s3")], { condition: { query: seatOf(course), after: boundary } });
      if (end === "rollback") expect((await appended).version).toBe(1);
      else expect(await rejection(appended)).toMatchObject({ code: "CONDITION_FAILED" });
    }
  });

  test("of the same tag a decision waits for it, and neither its neighbours nor other decisions do", async ({ store, client, sql }) => {
    const stranger = await client();
    await stranger.query("begin");
    await store.withTransaction(stranger).append([offered("c1")]);
    let ended = false;
    const waiting = times(3, (n) =>
      store.append<CourseEvent>([seatTaken("c1", `s${n}`)], { streamId: `w-${n}`, condition: { query: seatOf("c1") } }).finally(() => expect(ended).toBe(true)),
    );
    const settled = Promise.allSettled(waiting);
    await waitersFor(sql, 1);
    // Writers of the tag that demand nothing stand behind the one that waits, those of other tags behind nobody.
    await Promise.all(times(50, (n) => store.append<CourseEvent>([seatTaken(`d${n}`, `s${n}`)], { condition: { query: seatOf(`d${n}`) } })));
    await Promise.all(times(50, (n) => store.appendToStream(`plain-${n}`, [offered(`e${n}`)])));
    ended = true;
    await stranger.query("commit");
    expect((await settled).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
  });

  test("appends without conditions of the same tags wait for nothing", async ({ store, client }) => {
    const stranger = await client();
    await stranger.query("begin");
    await store.withTransaction(stranger).append([offered("c1")]);
    await Promise.all(times(20, (n) => store.append([seatTaken("c1", `s${n}`)], { streamId: `s-${n}` })));
    await stranger.query("commit");
    expect((await store.readBoundary([{ tags: ["course:c1"] }])).events).toHaveLength(21);
  });
});

describe("a condition that another transaction has open", () => {
  /** Appends of several types and tags, in one burst: those that are expected to settle do, and the others wait for a lock. */
  async function expectSettled(store: EventStore, sql: pg.Pool, expected: readonly boolean[]): Promise<void> {
    const settled = expected.map(() => false);
    const events = [offered("c1"), offered("c2"), seatTaken("c1", "s1"), seatTaken("c2", "s2"), { type: "Noted", data: {} }, { type: "SeatTaken", data: {} }];
    for (const [n, event] of events.entries()) void store.appendToStream(`cart-${n}`, [event]).then(() => (settled[n] = true));
    await expect.poll(() => settled, { timeout: 60_000 }).toEqual(expected);
    // Two connections wait, the others wait for these.
    await waitersFor(sql, Math.min(2, expected.filter((settles) => !settles).length));
    expect(settled).toEqual(expected);
  }

  test.for([
    ["by a tag", [{ tags: ["course:c1"] }], [false, true, false, true, true, true]],
    ["by a type and a tag", [{ types: ["SeatTaken"], tags: ["course:c1"] }], [false, true, false, true, true, true]],
    ["by a type", [{ types: ["SeatTaken"] }], [true, true, false, false, true, false]],
    ["by everything", [{}], [false, false, false, false, false, false]],
  ] as const)("%s holds up what shares its claim, and nothing else", async ([, query, expected], { store, client, sql, log }) => {
    const user = await client();
    await user.query("begin");
    await store.withTransaction(user).append([], { streamId: "decision", condition: { query } });
    await expectSettled(store, sql, expected);
    await user.query("commit");
    await expect.poll(async () => (await log()).filter(({ stream }) => stream.startsWith("cart-")).length, { timeout: 60_000 }).toBe(6);
  });

  test("keeps appends to one stream in the order in which they were called", async ({ store, client, sql }) => {
    const user = await client();
    await user.query("begin");
    await store.withTransaction(user).append([], { streamId: "decision", condition: { query: [{ tags: ["course:c1"] }] } });
    // Every second one shares the claim.
    const held = times(6, (n) => store.appendToStream("order", [n % 2 === 0 ? seatTaken("c1", "s1") : { type: "Noted", data: {} }]));
    await waitersFor(sql, 1);
    await user.query("commit");
    expect((await Promise.all(held)).map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("of another tenant holds up nobody", async ({ store, client, sql }) => {
    const user = await client();
    await user.query("begin");
    await store
      .forTenant("acme")
      .withTransaction(user)
      .append([], { streamId: "decision", condition: { query: [] } });
    await expectSettled(
      store,
      sql,
      times(6, () => true),
    );
    await user.query("commit");
  });
});

describe("a condition outside READ COMMITTED", () => {
  test.for(["repeatable read", "serializable"])("is refused in a transaction under %s, and so is its boundary", async (level, { store, client }) => {
    const user = await client();
    for (const run of [
      () => store.withTransaction(user).append<CourseEvent>([seatTaken("c1", "s1")], { condition: { query: seatOf("c1") } }),
      () => store.withTransaction(user).readBoundary<CourseEvent>(seatOf("c1")),
    ]) {
      await user.query(`begin isolation level ${level}`);
      expect(await rejection(run())).toMatchObject({ code: "DATABASE", sqlState: "TM001", message: expect.stringContaining("READ COMMITTED") });
      await user.query("rollback");
    }
    await user.query(`begin isolation level ${level}`);
    await store.withTransaction(user).append([seatTaken("c1", "s1")]);
    await user.query("commit");
  });

  test.for(["repeatable read", "serializable"])("where %s is the connection's default, works as ever", async (level, { databaseUrl, schema, openStore }) => {
    const url = new URL(databaseUrl);
    url.searchParams.set("options", `-c default_transaction_isolation=${level.replace(" ", "\\ ")}`);
    const { openEventStore } = await import("tidemark");
    const [strict, store] = [await openEventStore(url.href, { schema }), await openStore()];
    const taken = await Promise.allSettled(
      times(20, (n) =>
        (n % 2 === 0 ? strict : store).append<CourseEvent>([seatTaken("c1", `s${n}`)], { streamId: `${n}`, condition: { query: seatOf("c1") } }),
      ),
    );
    expect(taken.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await strict.close();
  });
});

describe("conditions beside inline projections", () => {
  test("are kept, and no document is written for an append that failed on one", async ({ openStore }) => {
    const seats = documentProjection<{ taken: number }, CourseEvent>({
      name: "seats",
      mode: "inline",
      collection: "seats",
      handles: ["SeatTaken"],
      documentId: ({ tags }) => tags[0] ?? null,
      evolve: (document) => ({ taken: (document?.taken ?? 0) + 1 }),
    });
    const stores = [await openStore({ projections: [seats] }), await openStore({ projections: [seats] })];
    const [store] = stores;
    if (!store) throw new Error("There are two.");
    const take = (n: number) =>
      (stores[n % 2] ?? store).append<CourseEvent>([seatTaken(`c${n % 5}`, `s${n}`)], { streamId: `${n}`, condition: { query: seatOf(`c${n % 5}`) } });
    const outcomes = await Promise.allSettled(times(40, take));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(5);
    for (const outcome of outcomes) if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "CONDITION_FAILED" });
    const documents = await store.documents(seats).find();
    expect(documents.map(({ taken }) => taken)).toEqual([1, 1, 1, 1, 1]);
  });
});
