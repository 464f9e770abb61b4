import pg from "pg";
import type { AppendResult, EventSequence, RecordedEvent } from "tidemark";
import { codeOf, type Script } from "./step.ts";

/** What settings of texts, numbers, arrays and times could change on the way. */
const hard = {
  texts: ["\\", "\\\\n", "'", '"', "E'\\x41'", "$1", "{NULL}", "NULL", "null", "a,b", "", " ", "\u001e", "ß", "\u{1f375}", "\u2028", "\\u0041", "\\x41"],
  numbers: [0.1, 1e-7, 1.7976931348623157e308, 5e-324, 9007199254740991, -1, 0.30000000000000004, 1e21],
  others: [null, true, false, [], {}, [null, [null]]],
  time: "2001-02-03T04:05:06.789+13:00",
};

const placeOf = ({ version, position, created }: AppendResult): unknown => [version, position, created];
const whole = ({ recordedAt, ...event }: RecordedEvent): unknown => ({ ...event, recordedAt: recordedAt.getTime() });
const all = async (events: EventSequence): Promise<unknown> => (await events.toArray()).map(whole);

/** Appends of every kind, and readings of what they wrote. */
export async function appendsAndReads({ store, url, step }: Script): Promise<void> {
  const acme = store.forTenant("acme's \\");
  const added = (n: number, tags: readonly string[] = []) => ({ type: "ItemAdded", data: { n, ...hard }, metadata: { actorId: "a\\b", ...hard }, tags });
  const own = [{ ...added(7), id: "0190a6b1-0000-7000-8000-00000000000a" }];
  await step("append to a new stream", async () =>
    placeOf(await store.appendToStream("cart-1", [added(1, ["tag\\", "{NULL}"])], { expectedVersion: "no-stream" })),
  );
  await step("append on a version", async () => placeOf(await store.appendToStream("cart-1", [added(2), added(3)], { expectedVersion: 1 })));
  await step("append with a conflict", () => codeOf(store.appendToStream("cart-1", [added(4)], { expectedVersion: 1 })));
  await step("append with an id, and again", async () => [
    placeOf(await store.appendToStream("cart-2", own, { expectedVersion: 0 })),
    placeOf(await store.appendToStream("cart-2", own, { expectedVersion: 0 })),
    await codeOf(store.appendToStream("cart-3", own)),
  ]);
  await step("append to several streams", async () =>
    (
      await store.appendToStreams([
        { streamId: "NULL", events: [added(5)], expectedVersion: "no-stream" },
        { streamId: "cart\\-'4'", events: [added(6), added(7)] },
        { streamId: "cart-1", events: [], expectedVersion: { unchangedSince: 3 } },
      ])
    ).map(placeOf),
  );
  await step("append at once", async () => {
    const results = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        store.appendToStream(`many-${n}`, [
          { type: "ItemAdded", data: { n } },
          { type: "ItemRemoved", data: {} },
        ]),
      ),
    );
    return results.map(({ version, created }) => [version, created]);
  });
  await step("append a hundred", async () =>
    placeOf(
      await store.appendToStream(
        "long-1",
        Array.from({ length: 100 }, (_, n) => ({ type: "ItemAdded", data: { n }, tags: ["often"] })),
      ),
    ),
  );
  await step("append in a tenant", async () => placeOf(await acme.appendToStream("cart-1", [added(8, ["tag\\"])])));

  const query = [{ types: ["ItemAdded"], tags: ["often"] }, { tags: ["tag\\", "{NULL}"] }];
  await step("append on a condition, and again", async () => {
    const { events, boundary } = await store.readBoundary(query);
    const append = () => store.append([{ ...added(9), tags: ["often"] }], { condition: { query, after: boundary } });
    return [events.length, placeOf(await append()), await codeOf(append()), await codeOf(store.append([added(1)], { streamId: "x", condition: { query } }))];
  });

  await step("a transaction, and one that rolls back", async () => {
    const done = await store.transaction(async (tx) => {
      const first = await tx.appendToStream("cart-5", [added(10)]);
      const { rows } = await tx.query("select 1 + $1::int as sum", [41]);
      return [placeOf(first), placeOf(await tx.appendToStream("cart-6", [added(11)], { expectedVersion: 0 })), rows];
    });
    const undone = store.transaction(async (tx) => {
      await tx.appendToStream("cart-7", [added(12)]);
      await tx.appendToStream("cart-1", [added(12)], { expectedVersion: 99 });
    });
    return [done, await codeOf(undone), (await store.streamInfo("cart-7")).exists];
  });
  await step("a transaction of the user's own", async () => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await client.query("begin isolation level read committed read write");
      const tx = store.withTransaction(client);
      const results = [await tx.appendToStream("cart-8", [added(13, ["often"])]), await tx.appendToStream("cart-1", [added(14)])];
      await client.query("commit");
      return results.map(placeOf);
    } finally {
      await client.end();
    }
  });

  await step("read a stream", () => all(store.readStream("cart-1")));
  await step("read a stream backward, between versions", () =>
    all(store.readStream("long-1", { direction: "backward", fromVersion: 40, toVersion: 60, limit: 7 })),
  );
  await step("read a stream as of a time", () => all(store.readStream("cart-1", { asOf: new Date(Date.UTC(2001, 1, 3, 4, 6, 30)) })));
  await step("read the log", async () => (await store.readAll().toArray()).map(({ id, streamId, version }) => `${id} ${streamId} ${version}`).sort());
  await step("read the log with filters", async () => [
    await all(store.readAll({ filter: { data: { n: 7, texts: hard.texts } } })),
    await all(store.readAll({ filter: [{ tags: ["tag\\"] }, { categories: ["NULL"] }, { streamIds: ["cart\\-'4'"] }] })),
    (await store.readAll({ filter: { tags: ["often"] }, direction: "backward", limit: 80 }).toArray()).length,
    await all(acme.readAll()),
  ]);
  await step("look around", async () => {
    const info = await store.streamInfo("cart-1");
    const streams: string[] = [];
    for await (const { streamId, version } of store.streams({ prefix: "cart" })) streams.push(`${streamId} ${version}`);
    return [
      // The server's clock, which is not this script's: of the last hour.
      { ...info, createdAt: Math.abs(Date.now() - (info.createdAt?.getTime() ?? 0)) < 3_600_000 },
      streams,
      (await store.eventById("0190A6B1-0000-7000-8000-00000000000A"))?.streamId,
      await store.aggregateStream("long-1", { initialState: () => 0, evolve: (sum) => sum + 1 }),
      await store.highWaterMark(),
      await store.blockers(),
    ];
  });
  await step("subscribe", async () => {
    const seen: string[] = [];
    for await (const { id } of store.subscribe({ after: 0, filter: { categories: ["many"] } })) if (seen.push(id) === 24) break;
    return seen.sort();
  });
}
