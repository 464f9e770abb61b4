import { added, describe, expect, test, times } from "./test.ts";

const poison = -1;
const statuses = (settled: readonly PromiseSettledResult<unknown>[]): string[] => settled.map(({ status }) => status);

describe("an append that a constraint of the user's refuses", () => {
  test.for([
    ["first of 100 streams", 0, false],
    ["in the middle of 100 streams", 50, false],
    ["last of 100 streams", 99, false],
    ["first of 100 to one stream", 0, true],
    ["in the middle of 100 to one stream", 50, true],
    ["last of 100 to one stream", 99, true],
  ] as const)("fails alone, %s", async ([, bad, oneStream], { store, sql, q, log }) => {
    await sql.query(`alter table ${q}.events add constraint quantity_check check ((data ->> 'n')::int >= 0)`);
    const settled = await Promise.allSettled(
      times(100, (n) => store.appendToStream(oneStream ? "cart-1" : `cart-${n}`, [{ ...added(n === bad ? poison : n), tags: n % 3 === 0 ? ["t:1"] : [] }])),
    );
    expect(statuses(settled)).toEqual(times(100, (n) => (n === bad ? "rejected" : "fulfilled")));
    expect(settled[bad]).toMatchObject({ reason: { code: "DATABASE", sqlState: "23514", constraint: "quantity_check", table: "events" } });
    const events = await log();
    expect(events).toHaveLength(99);
    const order = oneStream ? events : events.toSorted((a, b) => Number(a.stream.slice(5)) - Number(b.stream.slice(5)));
    expect(order.map(({ data }) => data)).toEqual(times(100, (n) => ({ n })).filter(({ n }) => n !== bad));
    expect(events.every(({ tags, data }) => (tags === null) === (data.n % 3 !== 0))).toBe(true);
  });

  test("fails alone when it goes out alone, with several events or to several streams", async ({ store, sql, q, log }) => {
    await sql.query(`alter table ${q}.events add constraint quantity_check check ((data ->> 'n')::int >= 0)`);
    const settled = await Promise.allSettled([
      store.appendToStream("cart-1", [added(1), added(poison)]),
      store.appendToStreams([
        { streamId: "cart-2", events: [added(2)] },
        { streamId: "cart-3", events: [added(poison)] },
      ]),
      store.appendToStreams([
        { streamId: "cart-2", events: [added(2)], expectedVersion: 0 },
        { streamId: "cart-3", events: [] },
      ]),
    ]);
    expect(statuses(settled)).toEqual(["rejected", "rejected", "fulfilled"]);
    expect(await log()).toMatchObject([{ stream: "cart-2", version: 1 }]);
    await expect(store.appendToStream("cart-1", [added(poison)])).rejects.toMatchObject({ code: "DATABASE", sqlState: "23514", constraint: "quantity_check" });
  });

  test("fails alone when the constraint is deferred to the commit", async ({ store, sql, q, log }) => {
    await sql.query(`
      create function ${q}.refuse() returns trigger language plpgsql as $$ begin
        if (new.data ->> 'n')::int < 0 then raise check_violation using constraint = 'at_commit'; end if;
        return null;
      end $$;
      create constraint trigger at_commit after insert on ${q}.events deferrable initially deferred for each row execute function ${q}.refuse()`);
    const settled = await Promise.allSettled(times(100, (n) => store.appendToStream(`cart-${n}`, [added(n === 50 ? poison : n)])));
    expect(statuses(settled)).toEqual(times(100, (n) => (n === 50 ? "rejected" : "fulfilled")));
    expect(settled[50]).toMatchObject({ reason: { code: "DATABASE", sqlState: "23514", constraint: "at_commit" } });
    expect(await log()).toHaveLength(99);
  });
});

describe("an append that a trigger of the user's refuses", () => {
  test("fails alone, with what the trigger said", async ({ store, sql, q, log }) => {
    await sql.query(`
      create function ${q}.refuse() returns trigger language plpgsql as $$ begin
        if (new.data ->> 'n')::int < 0 then raise exception 'no more than we have' using errcode = 'P0001'; end if;
        return new;
      end $$;
      create trigger stock before insert on ${q}.events for each row execute function ${q}.refuse()`);
    const settled = await Promise.allSettled(times(200, (n) => store.appendToStream(`cart-${n}`, [added(n % 70 === 5 ? poison : n)])));
    expect(statuses(settled)).toEqual(times(200, (n) => (n % 70 === 5 ? "rejected" : "fulfilled")));
    expect(settled[75]).toMatchObject({
      reason: { code: "DATABASE", sqlState: "P0001", constraint: undefined, message: expect.stringContaining("no more than we have") },
    });
    expect(await log()).toHaveLength(197);
  });
});
