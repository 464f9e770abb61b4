import { randomUUID } from "node:crypto";
import type { BoundaryQuery, EventReaderWriter } from "../../src/index.ts";
import { type CourseEvent, offered, seatOf, seatTaken } from "../support/courses.ts";
import { describe, expect } from "../support/test.ts";
import { drivers } from "./drivers.ts";

/** Every form of a query, and which of the seven events match. */
const queries: readonly (readonly [what: string, query: BoundaryQuery<CourseEvent>, matching: readonly number[]])[] = [
  ["a type", [{ types: ["SeatTaken"] }], [3, 4, 5]],
  ["one of several types", [{ types: ["SeatTaken", "StudentLeft"] }], [3, 4, 5, 6]],
  ["a tag", [{ tags: ["course:c1"] }], [1, 3, 4]],
  ["all of several tags, the rarer one behind", [{ tags: ["student:s1", "course:c2"] }], [5]],
  ["all of several tags, the rarer one in front", [{ tags: ["course:c2", "student:s1"] }], [5]],
  ["a type and a tag", [{ types: ["SeatTaken"], tags: ["course:c1"] }], [3, 4]],
  ["one of several types and all of several tags", [{ types: ["CourseOffered", "SeatTaken"], tags: ["course:c1", "student:s1"] }], [3]],
  ["alternatives with tags", [{ tags: ["course:c2"] }, { types: ["SeatTaken"], tags: ["student:s2"] }], [2, 4, 5]],
  ["alternatives that overlap", [{ tags: ["course:c1"] }, { tags: ["student:s1"] }], [1, 3, 4, 5, 6]],
  ["alternatives with and without tags", [{ types: ["StudentLeft"] }, { tags: ["course:c2"] }], [2, 5, 6]],
  ["a tag that no event has", [{ tags: ["course:none"] }], []],
  ["a type that no event has, or a tag", [{ types: ["StudentLeft"], tags: ["course:c1"] }, { tags: ["student:s2"] }], [4]],
  ["everything, by an empty alternative", [{}], [1, 2, 3, 4, 5, 6, 7]],
  ["everything, by no alternative", [], [1, 2, 3, 4, 5, 6, 7]],
  ["everything, beside a narrower alternative", [{ tags: ["course:c1"] }, {}], [1, 2, 3, 4, 5, 6, 7]],
];

async function fill(store: EventReaderWriter): Promise<number[]> {
  const positions: number[] = [];
  for (const event of [
    offered("c1", 2),
    offered("c2", 1),
    seatTaken("c1", "s1"),
    seatTaken("c1", "s2"),
    seatTaken("c2", "s1"),
    { type: "StudentLeft", data: {}, tags: ["student:s1"] },
  ]) {
    positions.push((await store.append([event])).position);
  }
  positions.push((await store.append([{ type: "TermBegan", data: {} }], { streamId: "term-1" })).position);
  return positions;
}

const seat = seatTaken("c9", "s9");

describe.for(drivers)("conditions on $driver", ({ test }) => {
  test.for(queries)("by %s read what matches, and fail on the first match after a position", async ([, query, matching], { open }) => {
    const store = await open();
    const positions = await fill(store);
    const wanted = matching.map((n) => positions[n - 1] ?? 0);
    const { events, boundary } = await store.readBoundary<CourseEvent>(query);
    expect(events.map(({ position }) => position)).toEqual(wanted);

    for (const after of [0, ...wanted]) {
      const next = wanted.find((position) => position > after);
      const appended = store.append<CourseEvent>([seat], { condition: { query, after } });
      if (next === undefined) expect((await appended).streamId).toBe("course-c9");
      else await expect(appended).rejects.toMatchObject({ code: "CONDITION_FAILED", position: next });
    }
    // The seat that was taken above matches some of these queries.
    const { events: now } = await store.readBoundary<CourseEvent>(query);
    const again = store.append<CourseEvent>([seatTaken("c8", "s8")], { condition: { query, after: boundary } });
    if (now.length === events.length) expect((await again).version).toBe(1);
    else await expect(again).rejects.toMatchObject({ code: "CONDITION_FAILED", streamId: "course-c9", type: "SeatTaken" });
  });

  test("without a boundary let a thing happen once", async ({ open }) => {
    const store = await open();
    const query = seatOf("c1");
    const { position } = await store.append([seatTaken("c1", "s1")], { condition: { query } });
    await expect(store.append([seatTaken("c1", "s2")], { condition: { query } })).rejects.toMatchObject({
      code: "CONDITION_FAILED",
      streamId: "course-c1",
      type: "SeatTaken",
      position,
      retryable: false,
      message: expect.stringContaining("read the boundary, decide again"),
    });
    expect(await store.readAll().toArray()).toHaveLength(1);
  });

  test("take a boundary that was JSON meanwhile, with a mark of any age", async ({ open }) => {
    const store = await open();
    await fill(store);
    const query = seatOf("c1");
    const { events, boundary } = await store.readBoundary<CourseEvent>(query);
    const carried: unknown = JSON.parse(JSON.stringify(boundary));
    expect(carried).toEqual(boundary);
    for (const mark of [boundary.mark, events[0]?.position ?? 0, 0]) {
      const older = { mark, above: events.filter(({ position }) => position > mark).length };
      expect((await store.append([offered("c7")], { streamId: "rooms", condition: { query, after: older } })).streamId).toBe("rooms");
    }
    await store.append([seatTaken("c1", "s3")]);
    for (const mark of [boundary.mark, 0]) {
      const older = { mark, above: events.filter(({ position }) => position > mark).length };
      await expect(store.append([offered("c7")], { condition: { query, after: older } })).rejects.toMatchObject({ code: "CONDITION_FAILED" });
    }
  });

  test("refuse a boundary that counts more matches than there are", async ({ open }) => {
    const store = await open();
    await fill(store);
    await expect(store.append([offered("c7")], { condition: { query: seatOf("c2"), after: { mark: 0, above: 2 } } })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      path: "options.condition.after",
      message: expect.stringContaining("only 1 matching events stand above its mark"),
    });
  });

  test("are looked at after ids: the same append again returns its first result", async ({ open }) => {
    const store = await open();
    const events = [{ ...seatTaken("c1", "s1"), id: randomUUID() }];
    const options = { condition: { query: seatOf("c1") } };
    const first = await store.append<CourseEvent>(events, options);
    await store.append([seatTaken("c1", "s2")]);
    expect(await store.append<CourseEvent>(events, options)).toEqual(first);
    await expect(store.append<CourseEvent>([{ ...seatTaken("c1", "s1"), id: randomUUID() }], options)).rejects.toMatchObject({ code: "CONDITION_FAILED" });
  });

  test("without events are only checked", async ({ open }) => {
    const store = await open();
    const options = { streamId: "course-c1", condition: { query: seatOf("c1") } };
    expect(await store.append<CourseEvent>([], options)).toEqual({ streamId: "course-c1", version: 0, position: 0, created: false });
    await store.append([seatTaken("c1", "s1")]);
    await expect(store.append<CourseEvent>([], options)).rejects.toMatchObject({ code: "CONDITION_FAILED" });
  });

  test("write all events of an append or none, and keep to several events", async ({ open }) => {
    const store = await open();
    const both = [seatTaken("c1", "s1"), seatTaken("c2", "s1")];
    const query = [...seatOf("c1"), ...seatOf("c2")];
    expect(await store.append<CourseEvent>(both, { condition: { query } })).toMatchObject({ streamId: "course-c1", version: 2, created: true });
    await expect(store.append<CourseEvent>(both, { condition: { query } })).rejects.toMatchObject({ code: "CONDITION_FAILED" });
    expect(await store.readAll().toArray()).toHaveLength(2);
  });

  test("know nothing of other tenants", async ({ open }) => {
    const store = await open();
    const [acme, globex] = [store.forTenant("acme"), store.forTenant("globex")];
    await acme.append([seatTaken("c1", "s1")]);
    for (const query of [seatOf("c1"), [{ types: ["SeatTaken" as const] }], []]) {
      const { events, boundary } = await globex.readBoundary<CourseEvent>(query);
      expect(events).toEqual([]);
      await globex.append<CourseEvent>([], { streamId: "checked", condition: { query, after: boundary } });
      await expect(acme.append<CourseEvent>([], { streamId: "checked", condition: { query } })).rejects.toMatchObject({ position: expect.any(Number) });
    }
    // In one batch, each by its own tenant's events.
    const outcomes = await Promise.allSettled(
      [store, acme, globex].map((of) => of.append<CourseEvent>([seatTaken("c1", "s2")], { condition: { query: seatOf("c1") } })),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });

  test("of concurrent calls each have their own verdict", async ({ open }) => {
    const store = await open();
    await store.append([seatTaken("c3", "s0")]);
    const take = (n: number) => store.append<CourseEvent>([seatTaken(`c${n % 10}`, `s${n}`)], { condition: { query: seatOf(`c${n % 10}`) } });
    const outcomes = await Promise.allSettled(Array.from({ length: 40 }, (_, n) => take(n)));
    const taken = outcomes.flatMap(({ status }, n) => (status === "fulfilled" ? [n] : []));
    // The first of each seat, for appends that share a claim keep their order.
    expect(taken).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9]);
    expect((await store.readBoundary([{ types: ["SeatTaken"] }])).events).toHaveLength(10);
  });

  test("hold inside a transaction, which sees what it wrote itself", async ({ open }) => {
    const store = await open();
    await store.transaction(async (tx) => {
      await tx.append([offered("c1", 2), seatTaken("c1", "s1")]);
      const { events, boundary } = await tx.readBoundary<CourseEvent>(seatOf("c1"));
      expect(events.map(({ type }) => type)).toEqual(["SeatTaken"]);
      await expect(tx.append<CourseEvent>([seatTaken("c1", "s2")], { condition: { query: seatOf("c1") } })).rejects.toMatchObject({ code: "CONDITION_FAILED" });
      // The transaction is none the worse for it.
      await tx.append<CourseEvent>([seatTaken("c1", "s2")], { condition: { query: seatOf("c1"), after: boundary } });
    });
    expect((await store.readBoundary(seatOf("c1"))).events).toHaveLength(2);
  });

  test("read more events than a page holds, each once and in order", async ({ open }) => {
    const store = await open();
    for (let n = 0; n < 4; n++) {
      await store.append(
        Array.from({ length: 100 }, (_, i) => seatTaken(i % 2 === 0 ? "even" : "odd", `s${i}`)),
        { streamId: `bulk-${n}` },
      );
    }
    for (const query of [[{ tags: ["course:even"] }], [{ tags: ["course:even"] }, { tags: ["student:s1"] }], [{ types: ["SeatTaken" as const] }]]) {
      const { events, boundary } = await store.readBoundary<CourseEvent>(query);
      const wanted = (await store.readAll<CourseEvent>({ filter: query }).toArray()).map(({ position }) => position);
      expect(events.map(({ position }) => position)).toEqual(wanted);
      expect(await store.append<CourseEvent>([], { streamId: "checked", condition: { query, after: boundary } })).toMatchObject({ version: 0 });
    }
  });
});
