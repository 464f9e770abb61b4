import { startProxy, startServer, type Proxy, type Side, type Verdict } from "servers";
import { openEventStore, type EventStore, isTidemarkError, type NewEvent } from "tidemark";
import { added, describe, eventually, expect, lockStream, rejection, test, times } from "./test.ts";

const frontend = ["Parse", "Bind", "Describe", "Execute", "Sync"];
const backend = ["ParseComplete", "BindComplete", "RowDescription", "DataRow", "CommandComplete", "ReadyForQuery"];
const faults: readonly Verdict[] = ["drop-connection-before", "drop-connection-after", "swallow"];
const points = [...frontend.map((name) => ["frontend", name] as const), ...backend.map((name) => ["backend", name] as const)];

/** Does something to the first message of this name from now on. */
function once(proxy: Proxy, side: Side, name: string, fault: Verdict): void {
  const forget = proxy.on(side, (message) => {
    if (message.name !== name) return undefined;
    forget();
    return fault;
  });
}

function idsOf(error: unknown): readonly string[] {
  if (!isTidemarkError(error, "OUTCOME_UNKNOWN")) throw error;
  return error.eventIds;
}

const ways: Readonly<Record<string, (store: EventStore, stream: string) => Promise<readonly unknown[]>>> = {
  alone: async (store, stream) => [await store.appendToStream(stream, [added(1)], { expectedVersion: 0 })],
  "in a batch": (store, stream) =>
    Promise.all([
      store.appendToStream(stream, [added(1)], { expectedVersion: 0 }),
      store.appendToStream(stream, [added(2), added(3)], { expectedVersion: 1 }),
      store.appendToStreams([
        { streamId: `${stream}-b`, events: [added(4)] },
        { streamId: stream, events: [added(5)] },
      ]),
    ]),
};

describe("an append whose connection breaks", () => {
  test.for(faults.flatMap((fault) => Object.keys(ways).map((way) => [fault, way] as const)))(
    "(%s) at any message, %s, is written exactly once and gives its result",
    async ([fault, way], { databaseUrl, schema, store, log }) => {
      const expected = await ways[way]?.(store, "model");
      await Promise.all(
        // Without Sync, the server has executed the statement and holds its locks for as long as the silence lasts.
        points
          .filter(([, name]) => fault !== "swallow" || name !== "Sync")
          .map(async ([side, name]) => {
            await using proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
            // One connection, so that the calls are one batch.
            await using broken = await openEventStore(proxy.through(databaseUrl), {
              schema,
              pool: { max: 1, queryTimeoutMs: 500, connectionTimeoutMs: 20_000 },
            });
            once(proxy, side, name, fault);
            const stream = `${side}-${name}`;
            const results = await ways[way]?.(broken, stream);
            expect(
              JSON.parse(
                JSON.stringify(results)
                  .replaceAll(stream, "model")
                  .replaceAll(/"position":\d+/g, `"position":0`),
              ),
            ).toEqual(JSON.parse(JSON.stringify(expected).replaceAll(/"position":\d+/g, `"position":0`)));
            expect((await log(stream)).map(({ data }) => data)).toEqual((await log("model")).map(({ data }) => data));
          }),
      );
      expect(await log("backend-DataRow-b")).toHaveLength(way === "alone" ? 0 : 1);
    },
  );

  test.for([
    ["frontend", "Execute", 0],
    ["backend", "DataRow", 1],
  ] as const)(
    "for good, at the %s's %s, has an unknown outcome, and a repetition with its ids is safe",
    async ([side, name, written], { databaseUrl, schema, store, log }) => {
      await store.appendToStream("elsewhere", [added()]);
      await using proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
      await using broken = await openEventStore(proxy.through(databaseUrl), { schema, pool: { max: 1, connectionTimeoutMs: 300 } });
      proxy.on("frontend", (message) => (message.name === "StartupMessage" ? "drop-connection-before" : "pass"));
      once(proxy, side, name, "drop-connection-before");
      const events: NewEvent[] = [added(1), added(2)];
      const error = await rejection(broken.appendToStream("cart-1", events));
      expect(error).toMatchObject({
        code: "OUTCOME_UNKNOWN",
        retryable: true,
        eventIds: [expect.any(String), expect.any(String)],
        cause: { code: "CONNECTION" },
      });
      const eventIds = idsOf(error);
      const before = await log("cart-1");
      expect(before.map(({ id }) => id)).toEqual(written === 1 ? eventIds : []);
      const repeated = await store.appendToStream(
        "cart-1",
        events.map((event, n) => ({ ...event, id: eventIds[n] ?? "" })),
        { expectedVersion: 0 },
      );
      const after = await log("cart-1");
      expect(after.map(({ id }) => id)).toEqual(eventIds);
      expect(repeated).toEqual({ streamId: "cart-1", version: 2, position: after.at(-1)?.position, created: true });
    },
  );
});

describe("an append that is executed but not committed when its connection falls silent", () => {
  test("has an unknown outcome for as long as the server waits too, and is written once in the end", async ({ databaseUrl, schema, store, log }) => {
    await using proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
    await using broken = await openEventStore(proxy.through(databaseUrl), { schema, pool: { queryTimeoutMs: 300 } });
    once(proxy, "frontend", "Sync", "swallow");
    const error = await rejection(broken.appendToStream("cart-1", [added(1)]));
    expect(error).toMatchObject({ code: "OUTCOME_UNKNOWN", eventIds: [expect.any(String)] });
    const [id = ""] = idsOf(error);
    proxy.cutAll();
    expect(await store.appendToStream("cart-1", [{ ...added(1), id }])).toMatchObject({ version: 1 });
    expect((await log()).map((event) => event.id)).toEqual([id]);
  });
});

describe("an append whose backend is terminated", () => {
  test("while it writes is written once, alone and in a batch", async ({ store, sql, q, log }) => {
    await sql.query(`
      create sequence ${q}.tries;
      create function ${q}.terminate() returns trigger language plpgsql as $$ begin
        if nextval('${q.replaceAll("'", "''")}.tries') in (1, 4) then perform pg_terminate_backend(pg_backend_pid()); end if;
        return null;
      end $$;
      create trigger terminate after insert on ${q}.events for each statement execute function ${q}.terminate()`);
    expect(await store.appendToStream("cart-0", [added()])).toMatchObject({ version: 1 });
    for (let round = 1; round < 6; round++) await Promise.all(times(20, (n) => store.appendToStream(`cart-${n}`, [added(n)])));
    expect(await log()).toHaveLength(101);
  });

  test("while it waits for a stream, unseen, is written once, by whichever try comes first", async ({ databaseUrl, schema, store, client, sql, q, log }) => {
    await store.appendToStream("cart-1", [added(0)]);
    // The orphan waits for as long as the test needs it to.
    await sql.query(`alter function ${q}.append_waiting set lock_timeout = '30s'`);
    await using proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
    await using broken = await openEventStore(proxy.through(databaseUrl), { schema });
    const holder = await client();
    await lockStream(holder, q, "cart-1");
    const waiters = (count: number) =>
      eventually(async () => {
        const { rows } = await sql.query(
          "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%append_waiting%'",
        );
        expect(rows).toHaveLength(count);
      });
    const appended = broken.appendToStream("cart-1", [added(1)], { expectedVersion: 1 });
    await waiters(1);
    proxy.cutAll();
    await waiters(2);
    await holder.query("commit");
    const events = await appended.then(() => log("cart-1"));
    expect(events.map(({ data }) => data)).toEqual([{ n: 0 }, { n: 1 }]);
    expect(await appended).toMatchObject({ version: 2, position: events[1]?.position });
    expect(await store.appendToStream("cart-1", [added(2)], { expectedVersion: 2 })).toMatchObject({ version: 3 });
  });

  test("by the system's kill -9, which restarts the server, is written once, and so is all beside it", async () => {
    await using server = await startServer();
    await using store = await openEventStore(server.url, { pool: { connectionTimeoutMs: 25_000 } });
    await store.appendToStream("cart-0", [added(-1)]);
    // Backends run in the data folder, and a file outlives the crash that a sequence might not.
    await store.query(`
      create function public.kill() returns trigger language plpgsql as $$ begin
        execute format('copy (select 1) to program ''cat > /dev/null; test -e killed || (touch killed && kill -9 %s)''', pg_backend_pid());
        return null;
      end $$;
      create trigger kill after insert on tidemark.events for each statement execute function public.kill()`);
    const results = await Promise.all(times(60, (n) => store.appendToStream(`cart-${n % 20}`, [added(n)])));
    expect(results.map(({ version }) => version)).toEqual(times(60, (n) => Math.floor(n / 20) + (n % 20 === 0 ? 2 : 1)));
    const { rows } = await store.query<{ n: number }>("select (data ->> 'n')::int as n from tidemark.events order by 1");
    expect(rows.map(({ n }) => n)).toEqual(times(61, (n) => n - 1));
  });
});
