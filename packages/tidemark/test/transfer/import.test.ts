import fc from "fast-check";
import pg from "pg";
import { importEvents } from "../../src/transfer/import-events.ts";
import { readNdjson } from "../../src/transfer/ndjson.ts";
import { BadLineError, InterruptedError } from "../../src/transfer/transfer-error.ts";
import { describe, eventually, expect, gate, gateOf, item, lines, parsed, piecesOf, rejection, test } from "./test.ts";

const groups = { events: 3, size: 1_000_000 };
const id = (n: number): string => `0190a6b1-5c1e-7b6a-9d5e-${n.toString(16).padStart(12, "0")}`;

/** What an import promises of each event, without the positions, which are new. */
const withoutPositions = (events: readonly Readonly<Record<string, unknown>>[]): unknown[] => events.map(({ position: _position, ...event }) => event);

describe("an import", () => {
  test("with a zero that has a sign, as other languages write it, is written as zero, and is there when it comes again", async ({ log }) => {
    const file = '{"streamId":"s","type":"T","data":{"n":-0.0,"list":[-0,-0.0e1,1.0]},"metadata":{"m":-0.0}}\n';
    expect(await log.import(file)).toMatchObject({ written: 1, bad: 0 });
    expect(await log.import(file)).toMatchObject({ written: 0, repeated: 1 });
    expect(await log.export()).toMatch(/"data":\{"n": ?0, ?"list": ?\[0, ?0, ?1\.0\]\},"metadata":\{"m": ?0\}/);
    const csv = { stream: "s-{a}", type: "T", number: ["n"] };
    expect(await log.import("a,n\n1,-0.0\n", {}, csv)).toMatchObject({ written: 1, bad: 0 });
  });

  test("writes the events in the order of the file, each with its own time, id and place", async ({ log }) => {
    const file = lines(
      item("cart-2", 1, { id: id(1), recordedAt: "2010-01-19T19:39:18.123Z", tags: ["b", "a"], metadata: { actorId: "ada" }, schemaVersion: 3 }),
      item("cart-1", 2, { tenant: "acme" }),
      "",
      item("cart-2", 3),
    );
    expect(await log.import(file)).toMatchObject({ written: 3, repeated: 0, bad: 0, renumbered: 0, repositioned: false, lastPosition: 3 });
    expect(parsed(await log.export())).toMatchObject([
      {
        streamId: "cart-2",
        version: 1,
        position: 1,
        id: id(1),
        recordedAt: "2010-01-19T19:39:18.123Z",
        tags: ["b", "a"],
        metadata: { actorId: "ada" },
        schemaVersion: 3,
      },
      { streamId: "cart-1", version: 1, position: 2, tenant: "acme", schemaVersion: 1, metadata: {} },
      { streamId: "cart-2", version: 2, position: 3, tenant: "" },
    ]);
  });

  test("writes what the library reads back: by stream, type, tag and as a whole", async ({ log, store }) => {
    await log.import(lines(item("cart-1", 1, { tags: ["t"] }), item("cart-2", 2), { streamId: "cart-1", type: "Paid", data: null }));
    expect((await store.readStream("cart-1").toArray()).map(({ version, type }) => [version, type])).toEqual([
      [1, "ItemAdded"],
      [2, "Paid"],
    ]);
    expect((await store.readAll({ filter: { types: ["Paid"] } }).toArray()).map(({ position }) => position)).toEqual([3]);
    expect((await store.readAll({ filter: { tags: ["t"] } }).toArray()).map(({ position }) => position)).toEqual([1]);
    expect((await store.readAll().toArray()).map(({ data }) => data)).toEqual([{ n: 1 }, { n: 2 }, null]);
    expect(await store.appendToStream("cart-1", [{ type: "ItemAdded", data: {} }], { expectedVersion: 2 })).toMatchObject({ version: 3, position: 4 });
  });

  test("that is run again writes nothing twice, also where it was cut short", async ({ log }) => {
    const events = Array.from({ length: 20 }, (_, n) => item(`cart-${n % 3}`, n % 2));
    const file = lines(...events);
    await log.import(lines(...events.slice(0, 8)), { groups });
    expect(await log.import(file, { groups })).toMatchObject({ written: 12, repeated: 8 });
    const whole = await log.export();
    expect(await log.import(file, { groups })).toMatchObject({ written: 0, repeated: 20 });
    expect(await log.export()).toBe(whole);
    expect(parsed(whole).map(({ data }) => data)).toEqual(events.map((_, n) => ({ n: n % 2 })));
  });

  test("takes equal lines without ids as events of their own, also at the same time", async ({ log }) => {
    const file = lines(...Array.from({ length: 4 }, () => item("cart-1", 1, { recordedAt: "2010-01-19T19:39:18Z" })));
    expect(await log.import(file)).toMatchObject({ written: 4, repeated: 0 });
    expect(await log.import(file)).toMatchObject({ written: 0, repeated: 4 });
  });

  test("takes the same event twice in a file as one, and another event of its id as a bad line", async ({ log }) => {
    const one = item("cart-1", 1, { id: id(1) });
    const other = item("cart-1", 2, { id: id(1) });
    expect(await log.import(lines(one, one, item("cart-1", 3), one))).toMatchObject({ written: 2, repeated: 2, bad: 0 });
    expect(await log.import(lines(one, other), { onBadLine: "skip" })).toMatchObject({
      written: 0,
      repeated: 1,
      told: [{ line: 2, reason: `event ${id(1)} exists already, with other data` }],
    });
    expect(await log.import(lines(item("cart-9", 9, { id: id(9) }), item("cart-8", 9, { id: id(9) })), { onBadLine: "skip" })).toMatchObject({
      written: 1,
      told: [{ line: 2, reason: `event ${id(9)} exists already, in another stream` }],
    });
  });

  test("tells each copy of a line that is bad, in one group and in several", async ({ log }) => {
    const other = item("cart-1", 2, { id: id(1) });
    const reason = `event ${id(1)} exists already, with other data`;
    await log.import(lines(item("cart-1", 1, { id: id(1) })));
    const file = lines(other, item("cart-2", 1, { id: id(2) }), other, item("cart-2", 1, { id: id(2) }), other);
    const told = [1, 3, 5].map((line) => expect.objectContaining({ line, reason }));
    expect(await log.import(file, { onBadLine: "skip" })).toMatchObject({ written: 1, repeated: 1, bad: 3, told });
    expect(await log.import(file, { onBadLine: "skip", groups })).toMatchObject({ written: 0, repeated: 2, bad: 3, told });
  });

  test("stops at the first bad line: what is before it is written, and nothing after it", async ({ log }) => {
    const file = lines(item("cart-1", 1), item("cart-1", 2), '{"streamId": ', item("cart-1", 4));
    const error = await rejection(log.import(file));
    expect(error).toBeInstanceOf(BadLineError);
    expect(error).toMatchObject({ line: 3, message: expect.stringMatching(/^Line 3: is not JSON: .*2 events were written/) });
    expect(parsed(await log.export()).map(({ data }) => data)).toEqual([{ n: 1 }, { n: 2 }]);
    expect(await log.import(file.replace('{"streamId": ', JSON.stringify(item("cart-1", 3))))).toMatchObject({ written: 2, repeated: 2 });
    expect(parsed(await log.export()).map(({ data }) => data)).toEqual([1, 2, 3, 4].map((n) => ({ n })));
  });

  test("stops at an event that exists with other content in the same way", async ({ log }) => {
    await log.import(lines(item("cart-1", 1, { id: id(1) })));
    expect(await rejection(log.import(lines(item("cart-2", 2), item("cart-1", 9, { id: id(1) }), item("cart-2", 3))))).toMatchObject({
      code: "BAD_LINE",
      line: 2,
    });
    expect(parsed(await log.export()).map(({ streamId }) => streamId)).toEqual(["cart-1", "cart-2"]);
  });

  test("leaves bad lines out by choice, and tells each with its number and reason, in order", async ({ log }) => {
    const bad: readonly (readonly [unknown, string])[] = [
      ["nonsense", "is not JSON: "],
      [[], "it must hold an event as a JSON object, not an array"],
      [{ type: "T", data: 1 }, "streamId must be a stream id (a string), not undefined"],
      [{ streamId: "s", data: 1 }, "type must be an event type"],
      [{ streamId: "s", type: "T" }, "data is undefined"],
      [item("", 1), "streamId is empty"],
      [item("a\nb", 1), "streamId holds the control character"],
      [item("s", 1, { colour: "red" }), '"colour" is not a part of an event'],
      [item("s", 1, { recordedAt: "yesterday" }), 'recordedAt is "yesterday", which is not a time'],
      [item("s", 1, { recordedAt: 5 }), "recordedAt must be a text"],
      [item("s", 1, { id: "7" }), "id must be a UUID"],
      [item("s", 1, { tags: ["a", ""] }), "tags[1] is empty"],
      [item("s", 1, { metadata: [] }), "metadata must be an object"],
      [item("s", 1, { schemaVersion: 0 }), "schemaVersion must be a whole number"],
      ['{"streamId":"s","type":"T","data":"\\u0000"}', "data holds the character U+0000"],
      ['{"streamId":"s","type":"T","data":{"a":"\\ud800"}}', "data.a holds half of a surrogate pair"],
      ['{"streamId":"s","type":"T","data":1e999}', "is not JSON: it holds the number 1e999, which is out of range"],
      [`{"streamId":"s","type":"T","data":${"[".repeat(600)}${"]".repeat(600)}}`, "is more than 512 levels deep"],
      [item("s", 1, { type: "x".repeat(300) }), "type is 300 bytes of UTF-8"],
      [item("s", 1, { data: "x".repeat(17 * 1024 * 1024) }), "the limit is 16777216"],
    ];
    const { written, told } = await log.import(lines(item("s", 0), ...bad.map(([line]) => line), item("s", 1)), { onBadLine: "skip" });
    expect(written).toBe(2);
    expect(told.map(({ line }) => line)).toEqual(bad.map((_, index) => index + 2));
    for (const [index, [, reason]] of bad.entries()) expect(told[index]?.reason).toContain(reason);
    expect(parsed(await log.export()).map(({ data }) => data)).toEqual([{ n: 0 }, { n: 1 }]);
  });

  test("finds the one event that a trigger of the user's refuses", async ({ log, sql, schema }) => {
    const q = pg.escapeIdentifier(schema);
    await sql.query(`alter table ${q}.events add constraint no_seven check (data <> '{"n": 7}')`);
    const events = Array.from({ length: 12 }, (_, n) => item("cart-1", n));
    const { written, told } = await log.import(lines(...events), { onBadLine: "skip" });
    expect([written, told.map(({ line }) => line)]).toEqual([11, [8]]);
    expect(told[0]?.reason).toContain("no_seven");
    expect(parsed(await log.export()).map(({ data }) => data)).toEqual([0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11].map((n) => ({ n })));
  });

  test("keeps numbers that JavaScript cannot", async ({ log }) => {
    await log.import('{"streamId":"s","type":"T","data":{"big":9007199254740993,"price":1.10},"metadata":{"n":12345678901234567890}}\n');
    expect(await log.export()).toContain('"data":{"big": 9007199254740993, "price": 1.10},"metadata":{"n": 12345678901234567890}');
  });

  test("writes to one tenant by choice, whatever the lines say", async ({ log }) => {
    await log.import(lines(item("s", 1, { tenant: "acme" }), item("s", 2)), { tenant: "zeta" });
    expect(parsed(await log.export()).map(({ tenant }) => tenant)).toEqual(["zeta", "zeta"]);
  });

  test("tells where versions are others than in the file", async ({ log }) => {
    expect(await log.import(lines(item("s", 1, { version: 1 }), item("s", 2, { version: 5 }), item("s", 3)))).toMatchObject({ renumbered: 1 });
  });

  test("ends when it is told to, and says that the same import goes on", async ({ log }) => {
    const controller = new AbortController();
    const file = lines(...Array.from({ length: 9 }, (_, n) => item("s", n)));
    const error = await rejection(log.import(file, { groups, signal: controller.signal, progress: () => controller.abort() }));
    expect(error).toBeInstanceOf(InterruptedError);
    expect(error).toMatchObject({ message: expect.stringContaining("3 events were written. Run the same command again") });
    expect(await log.import(file)).toMatchObject({ written: 6, repeated: 3 });
  });
});

describe("an import beside other writers", () => {
  test("keeps versions dense and its own order while they extend the same streams", async ({ log, store }) => {
    const events = Array.from({ length: 300 }, (_, n) => item(`cart-${n % 5}`, n));
    const done = new AbortController();
    const writer = (async () => {
      let appended = 0;
      while (!done.signal.aborted) {
        await store.appendToStream(`cart-${appended % 5}`, [{ type: "Other", data: {} }]);
        appended++;
      }
      return appended;
    })();
    const report = await log.import(lines(...events), { groups: { events: 10, size: 1_000_000 } });
    done.abort();
    const appended = await writer;
    expect(report).toMatchObject({ written: 300, repeated: 0 });
    const all = parsed(await log.export());
    expect(all).toHaveLength(300 + appended);
    expect(all.filter(({ type }) => type === "ItemAdded").map(({ data }) => data)).toEqual(events.map((_, n) => ({ n })));
    for (const stream of Array.from({ length: 5 }, (_, n) => `cart-${n}`)) {
      const versions = all.filter(({ streamId }) => streamId === stream).map(({ version }) => version);
      expect(versions).toEqual(versions.map((_, index) => index + 1));
    }
  });

  test("waits for a stream that a transaction holds, and goes on when that ends", async ({ log, store, sql }) => {
    await store.appendToStream("cart-1", [{ type: "Other", data: {} }]);
    const { opened, open } = gate();
    const holding = gate();
    const holder = store.transaction(async (tx) => {
      await tx.appendToStream("cart-1", [{ type: "Other", data: {} }]);
      holding.open();
      await opened;
    });
    await holding.opened;
    const importing = log.import(lines(item("cart-1", 1)));
    await eventually(async () => {
      const { rows } = await sql.query(
        "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%import_events%'",
      );
      expect(rows).toHaveLength(1);
    });
    open();
    await holder;
    expect(await importing).toMatchObject({ written: 1 });
    expect(parsed(await log.export()).map(({ type, version }) => [type, version])).toEqual([
      ["Other", 1],
      ["Other", 2],
      ["ItemAdded", 3],
    ]);
  });

  test("takes an event as its own that somebody writes at the same time under the same id", async ({ log, openLog, schema }) => {
    const file = lines(...Array.from({ length: 60 }, (_, n) => item(`cart-${n % 7}`, n)));
    const other = await openLog(schema);
    const small = { groups: { events: 4, size: 1_000_000 } };
    const [a, b] = await Promise.all([log.import(file, small), other.import(file, small)]);
    expect(a.written + b.written).toBe(60);
    expect(a.repeated + b.repeated).toBe(60);
    expect(parsed(await log.export())).toHaveLength(60);
  });

  test("finds after a lost connection what the server wrote, and writes the rest", async ({ log, sql, openLog, schema }) => {
    const file = Array.from({ length: 30 }, (_, n) => item("cart-1", n));
    const other = await openLog(schema);
    let killed = 0;
    async function* killing(): AsyncGenerator<Buffer, void, undefined> {
      for (const event of file) {
        yield Buffer.from(lines(event));
        const { rowCount } = await sql.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like '%import_events%' and pid <> pg_backend_pid()",
        );
        killed += rowCount ?? 0;
      }
    }
    const report = await other.import(killing(), { groups: { events: 2, size: 1_000_000 } });
    expect(killed).toBeGreaterThan(0);
    expect(report.written + report.repeated).toBe(30);
    expect(parsed(await log.export()).map(({ data }) => data)).toEqual(file.map((_, n) => ({ n })));
  });
});

describe("an export imports into an identical log", () => {
  const text = fc.oneof(fc.string({ unit: "grapheme", maxLength: 10 }), fc.constantFrom("__proto__", "=1+1", "'x", 'a"b', "a,b", "ä€𝄞", "-", "\u2028", "null"));
  const name = text.map((given) => given.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, "") || "x");
  const json = fc.jsonValue({ maxDepth: 2 }).filter((value) => !JSON.stringify(value).includes("\\u0000") && !Object.is(value, -0));
  const event = fc.record({
    streamId: name,
    type: name,
    data: json,
    metadata: fc.dictionary(
      name,
      fc.string({ unit: "grapheme", maxLength: 5 }).map((value) => value.replaceAll("\0", "")),
      { maxKeys: 2 },
    ),
    tags: fc.uniqueArray(name, { maxLength: 3 }),
    tenant: fc.constantFrom("", "", "acme", "=x"),
    schemaVersion: fc.integer({ min: 1, max: 3 }),
    recordedAt: fc.date({ min: new Date("0001-01-02T00:00:00Z"), max: new Date("9999-12-30T00:00:00Z"), noInvalidDate: true }).map((at) => at.toISOString()),
  });

  test.for(["ndjson", "csv", "cloudevents", "cloudevents batch"] as const)("as %s, with kept and with new positions", async (format, { openLog, schema }) => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 40 }), async (events) => {
        run++;
        const from = await openLog(`${schema} from ${run}`);
        await from.import(lines(...events), { groups });
        const original = await from.export();
        const file = await from.export(format);
        const kept = await openLog(`${schema} kept ${run}`);
        expect(await kept.import(file, { keepPositions: true, groups }, format)).toMatchObject({ written: events.length, renumbered: 0 });
        expect(await kept.export()).toBe(original);
        expect(await kept.import(file, { keepPositions: true, groups }, format)).toMatchObject({ written: 0, repeated: events.length });
        const anew = await openLog(`${schema} new ${run}`);
        await anew.import(lines(item("before", 0)));
        await anew.import(file, { groups }, format);
        expect(withoutPositions(parsed(await anew.export()).slice(1))).toEqual(withoutPositions(parsed(original)));
        await Promise.all([from, kept, anew].map(({ database }) => database.close()));
      }),
      { numRuns: 4 },
    );
  });
});

test("an import of a file in pieces of any size reads ahead by no more than a group", async ({ log, schema }) => {
  let given = 0;
  let done = 0;
  let most = 0;
  async function* counted(): AsyncGenerator<Buffer, void, undefined> {
    for (let n = 0; n < 200; n++) {
      given++;
      most = Math.max(most, given - done);
      yield Buffer.from(lines(item("s", n)));
    }
  }
  await importEvents(log.database, schema, readNdjson(counted()), {
    tenant: undefined,
    utc: false,
    keepPositions: false,
    onBadLine: "stop",
    badLine: async () => {},
    progress: ({ written }) => (done = written),
    signal: new AbortController().signal,
    gate: gateOf(log.database, schema),
    groups: { events: 10, size: 1_000_000 },
  });
  expect([done, await log.import(piecesOf(Buffer.from(await log.export()), 7))]).toMatchObject([200, { repeated: 200 }]);
  expect(most).toBeLessThanOrEqual(31);
});
