import fc from "fast-check";
import { plainEvents } from "../../src/catalogue/event-codec.ts";
import type { Database, Statement } from "../../src/database/database.ts";
import { ConnectionError, DatabaseError, PoolTimeoutError } from "../../src/errors/database.ts";
import { GroupedFirstPages } from "../../src/read/grouped-first-pages.ts";
import { StatementsBySize } from "../../src/read/statements-by-size.ts";
import { Reader } from "../../src/read/reader.ts";
import { gate as createGate } from "../database/open.ts";
import { eventually } from "../support/test.ts";
import { describe, expect, type Log, test } from "./log.ts";

interface Watched {
  readonly firstPages: GroupedFirstPages;
  readonly reader: Reader;
  /** The names of the statements that were sent. */
  readonly sent: string[];
}

/** A reader whose statements a test can hold and fail. */
function watched(
  { database, schema: quoted }: Log,
  {
    before = async () => {},
    inFlight = 1,
    connectionTimeoutMs = 10_000,
    tenant = "",
  }: {
    readonly before?: (statement: Statement, values: readonly unknown[]) => Promise<void>;
    readonly inFlight?: number;
    readonly connectionTimeoutMs?: number;
    readonly tenant?: string;
  } = {},
): Watched {
  const schema = quoted.slice(1, -1).replaceAll('""', '"');
  const sent: string[] = [];
  const spied: Database = {
    ...database,
    async query(statement, values, options) {
      sent.push(statement.name);
      await before(statement, values);
      return await database.query(statement, values, options);
    },
  };
  const statements = new StatementsBySize(schema);
  const firstPages = new GroupedFirstPages(spied, statements, { connectionTimeoutMs, inFlight });
  return { firstPages, sent, reader: new Reader({ queryable: spied, statements, codec: plainEvents, tenant, mark: async () => 0, firstPages }) };
}

const streams = Array.from({ length: 30 }, (_, n) => `cart-${n}`);

function few(count: number): { readonly streamId: string; readonly data: object }[] {
  return streams.flatMap((streamId, n) => Array.from({ length: count + n }, (__, version) => ({ streamId, data: { n, version } })));
}

describe("readings of many streams at once", () => {
  test("share statements, and each gets its own events", async ({ log }) => {
    const model = await log.write(few(3));
    const { reader, sent } = watched(log);
    const read = await Promise.all([...streams, "absent"].map((streamId) => reader.readStream(streamId).toArray()));
    for (const [index, streamId] of streams.entries()) expect(read[index], streamId).toEqual(model.filter((event) => event.streamId === streamId));
    expect(read.at(-1)).toEqual([]);
    // 31 streams share 1,024 rows, 33 for each; all are shorter.
    expect(sent).toEqual(["tidemark_read_first_pages"]);
  });

  test("and of snapshots at once: a stream without events has none, whoever it shares the statement with", async ({ log }) => {
    const model = await log.write(few(1));
    const { opened, open } = createGate();
    const { reader, sent } = watched(log, { before: () => opened });
    const name = { kind: "stream", name: "carts", stateVersion: 1 } as const;
    const first = reader.readStream("cart-0").toArray();
    await eventually(() => expect(sent).toHaveLength(1));
    const behindIt = Promise.all([
      reader.readFromSnapshot("cart-1", name, undefined),
      reader.readFromSnapshot("unheard", name, undefined),
      reader.readStream("absent").toArray(),
      reader.readStream("cart-2", { fromVersion: 100 }).toArray(),
    ]);
    // The streams' readings begin in a later turn than the snapshots'.
    await new Promise(setImmediate);
    open();
    await first;
    const [whole, none, absent, behindTheEnd] = await behindIt;
    expect(sent).toEqual(["tidemark_read_stream_forward_small", "tidemark_read_first_pages_snapshots"]);
    expect(whole).toMatchObject({ snapshot: undefined, more: false });
    expect(whole.events("first")).toEqual(model.filter(({ streamId }) => streamId === "cart-1"));
    expect(none).toMatchObject({ snapshot: undefined, first: undefined, more: false });
    expect(none.events("first")).toEqual([]);
    expect([absent, behindTheEnd]).toEqual([[], []]);
  });

  test("that are alone use the statement of one stream", async ({ log }) => {
    await log.write(few(3));
    const { reader, sent } = watched(log);
    await reader.readStream("cart-1").toArray();
    expect(sent).toEqual(["tidemark_read_stream_forward_small"]);
  });

  test("of streams that do not fit go on by themselves, with nothing lost or doubled", async ({ log }) => {
    const model = await log.write([...Array.from({ length: 700 }, (_, version) => ({ streamId: "long", data: { version } })), ...few(1)]);
    const { reader } = watched(log);
    const read = await Promise.all(["long", ...streams].map((streamId) => reader.readStream(streamId).toArray()));
    expect(read[0]).toEqual(model.filter(({ streamId }) => streamId === "long"));
    expect(read.flat()).toHaveLength(model.length);
  });

  test("are fewer in a statement where streams are long, so that each is read whole, and more again where they are short", async ({ log }) => {
    await log.write(few(90));
    const { reader, sent } = watched(log);
    const readAll = async (toVersion: number): Promise<string[]> => {
      sent.length = 0;
      await Promise.all(streams.map((streamId) => reader.readStream(streamId, { toVersion }).toArray()));
      return [...sent];
    };
    // 34 rows each, of which none is enough: every stream needs another statement.
    expect(await readAll(120)).toHaveLength(31);
    for (let round = 0; round < 2; round++) await readAll(120);
    const headsOfEight = Array.from({ length: 4 }, () => "tidemark_read_first_pages");
    expect(await readAll(120)).toEqual(headsOfEight);
    for (let round = 0; round < 4; round++) await readAll(1);
    expect(await readAll(1)).toEqual(["tidemark_read_first_pages"]);
  });

  test("of any ranges lead to what each leads to alone", async ({ log }) => {
    const model = await log.write(few(1));
    const request = fc.record({
      streamId: fc.constantFrom(...streams, "absent"),
      fromVersion: fc.nat(35),
      toVersion: fc.option(fc.nat(35), { nil: undefined }),
      limit: fc.option(fc.nat(35), { nil: undefined }),
      direction: fc.constantFrom("forward", "forward", "backward"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 90 }), fc.integer({ min: 1, max: 3 }), async (requests, inFlight) => {
        const { reader } = watched(log, { inFlight });
        const read = await Promise.all(
          requests.map(({ streamId, fromVersion, toVersion, limit, direction }) =>
            reader
              .readStream(streamId, { fromVersion, direction, ...(toVersion !== undefined && { toVersion }), ...(limit !== undefined && { limit }) })
              .toArray(),
          ),
        );
        for (const [index, { streamId, fromVersion, toVersion = Infinity, limit, direction }] of requests.entries()) {
          const own = model.filter((event) => event.streamId === streamId && event.version >= fromVersion && event.version <= toVersion);
          expect(read[index]).toEqual((direction === "forward" ? own : own.toReversed()).slice(0, limit));
        }
      }),
      { numRuns: 40 },
    );
  });

  test("of two tenants do not meet", async ({ log }) => {
    await log.write([
      { streamId: "cart-1", tenant: "", data: { whose: "own" } },
      { streamId: "cart-1", tenant: "acme", data: { whose: "acme" } },
    ]);
    const { firstPages } = watched(log);
    const ask = (tenant: string): Promise<readonly Readonly<Record<string, string | null>>[]> =>
      firstPages.read({ tenant, streamId: "cart-1", after: 0, until: 10, rows: 10 }, undefined);
    const [own, acme, none] = await Promise.all([ask(""), ask("acme"), ask("other")]);
    expect([own, acme, none].map((rows) => rows?.map((row) => JSON.parse(row["data"] ?? "").whose))).toEqual([["own"], ["acme"], []]);
  });

  test("see what was committed before they were asked for, whatever is under way", async ({ log, sql }) => {
    await log.write([{ streamId: "cart-1" }, { streamId: "cart-2" }]);
    const gate = createGate();
    let statements = 0;
    const { reader, sent } = watched(log, { before: async () => (statements++ === 0 ? gate.opened : undefined) });
    const first = reader.readStream("cart-1").toArray();
    await eventually(() => expect(sent).toHaveLength(1));
    await sql.query(
      `insert into ${log.schema}.events (position, stream_id, version, id, recorded_at, type, data)
       select 3, id, 2, gen_random_uuid(), now(), 'Late', '{}' from ${log.schema}.streams where name = 'cart-2'`,
    );
    const later = ["cart-2", "cart-1", "cart-2"].map((streamId) => reader.readStream(streamId).toArray());
    gate.open();
    await first;
    expect((await Promise.all(later)).map((events) => events.length)).toEqual([2, 1, 2]);
    expect(sent).toEqual(["tidemark_read_stream_forward_small", "tidemark_read_first_pages"]);
  });
});

describe("a reading among others", () => {
  const reason = new Error("enough");

  test("that is aborted rejects at once, while it waits and while it is under way, and the others get theirs", async ({ log }) => {
    await log.write(few(1));
    const gate = createGate();
    const { reader, sent } = watched(log, { before: () => gate.opened });
    const busy = reader.readStream("cart-0").toArray();
    await eventually(() => expect(sent).toHaveLength(1));
    const waiting = new AbortController();
    const aborted = reader.readStream("cart-1", { signal: waiting.signal }).toArray();
    const other = reader.readStream("cart-2").toArray();
    waiting.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    expect(sent).toHaveLength(1);
    gate.open();
    expect([(await busy).length, (await other).length]).toEqual([1, 3]);

    const second = createGate();
    const held = watched(log, { before: () => second.opened });
    const flying = new AbortController();
    const both = [held.reader.readStream("cart-3", { signal: flying.signal }).toArray(), held.reader.readStream("cart-4").toArray()];
    await eventually(() => expect(held.sent).toHaveLength(1));
    flying.abort(reason);
    await expect(both[0]).rejects.toBe(reason);
    second.open();
    expect(await both[1]).toHaveLength(5);
    expect(held.sent).toEqual(["tidemark_read_first_pages"]);
  });

  test("does not fail for one that does", async ({ log }) => {
    await log.write(few(1));
    const own = new DatabaseError("the third's own", { sqlState: "XX001" });
    const { reader, sent } = watched(log, {
      before: async ({ name }, values) => {
        if (values.some((value) => String(value).includes("cart-3")))
          throw name.includes("first_pages") ? new DatabaseError("of one of them", { sqlState: "XX001" }) : own;
      },
    });
    const outcomes = await Promise.allSettled(streams.slice(0, 5).map((streamId) => reader.readStream(streamId).toArray()));
    expect(outcomes.map((outcome) => (outcome.status === "fulfilled" ? outcome.value.length : outcome.reason))).toEqual([1, 2, 3, own, 5]);
    expect(sent).toHaveLength(6);
  });

  test("is read again by itself when the connection of all is lost, and fails with them when none can be had", async ({ log }) => {
    await log.write(few(1));
    let lost = 0;
    const cut = watched(log, {
      before: async () => {
        if (lost++ === 0) throw new ConnectionError("gone", { sent: true });
      },
    });
    const again = await Promise.all(["cart-0", "cart-1"].map((streamId) => cut.reader.readStream(streamId).toArray()));
    expect(again.map((events) => events.length)).toEqual([1, 2]);

    const none = new PoolTimeoutError({ waitedMs: 1, max: 10, size: 10, waiting: 0, holders: [] });
    const busy = watched(log, { before: () => Promise.reject(none) });
    const outcomes = await Promise.allSettled(["cart-0", "cart-1"].map((streamId) => busy.reader.readStream(streamId).toArray()));
    expect(outcomes).toEqual([
      { status: "rejected", reason: none },
      { status: "rejected", reason: none },
    ]);
    expect(busy.sent).toHaveLength(1);
  });

  test("waits for its turn no longer than for a connection", async ({ log }) => {
    await log.write(few(1));
    const gate = createGate();
    const { reader, sent } = watched(log, { before: () => gate.opened, connectionTimeoutMs: 50 });
    const busy = reader.readStream("cart-0").toArray();
    await eventually(() => expect(sent).toHaveLength(1));
    await expect(reader.readStream("cart-1").toArray()).rejects.toMatchObject({ code: "POOL_TIMEOUT", waitedMs: 50 });
    gate.open();
    expect(await busy).toHaveLength(1);
  });
});
