import { startProxy, type Proxy, type Side, type Verdict } from "@tidemark/servers";
import { openEventStore, type EventStore, type NewEvent } from "tidemark";
import { added, describe, expect, idsOf, rejection, test } from "./test.ts";

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

const ways: Readonly<Record<string, (store: EventStore, stream: string) => Promise<readonly unknown[]>>> = {
  alone: async (store, stream) => [await store.appendToStream(stream, [added(1)], { expectedVersion: 0 })],
  "on a condition": async (store, stream) => {
    const condition = { query: [{ types: ["ItemAdded"], tags: [stream] }] };
    const tagged = { ...added(1), tags: [stream] };
    return [await store.append([tagged], { streamId: stream, condition })];
  },
  "in a batch": (store, stream) =>
    Promise.all([
      store.appendToStream(stream, [added(1)], { expectedVersion: 0 }),
      store.appendToStream(stream, [added(2), added(3)], { expectedVersion: 1 }),
      store.append([{ ...added(6), tags: [stream] }], { streamId: `${stream}-c`, condition: { query: [{ tags: [stream] }] } }),
      store.appendToStreams([
        { streamId: `${stream}-b`, events: [added(4)] },
        { streamId: stream, events: [added(5)] },
      ]),
    ]),
};

// A silent server is waited for in seconds, so these wait together.
describe.concurrent("an append whose connection breaks", () => {
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
            // One connection, so that the calls are one batch. Only silence is ended by time.
            await using broken = await openEventStore(proxy.through(databaseUrl), {
              schema,
              pool: { max: 1, connectionTimeoutMs: 60_000, ...(fault === "swallow" && { queryTimeoutMs: 3_000 }) },
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
      expect(await log("backend-DataRow-b")).toHaveLength(way === "in a batch" ? 1 : 0);
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
      await using broken = await openEventStore(proxy.through(databaseUrl), { schema, pool: { max: 1, connectionTimeoutMs: 5_000 } });
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
      const counted = broken.metrics().appends;
      expect(counted).toMatchObject({ calls: 1, events: 0, failed: 1, unknownOutcomes: 1 });
      expect(counted.retries).toBeGreaterThan(0);
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

describe.concurrent("an append that is executed but not committed when its connection falls silent", () => {
  test("has an unknown outcome for as long as the server waits too, and is written once in the end", async ({ databaseUrl, schema, store, log }) => {
    await using proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
    await using broken = await openEventStore(proxy.through(databaseUrl), { schema, pool: { queryTimeoutMs: 2_000 } });
    once(proxy, "frontend", "Sync", "swallow");
    const error = await rejection(broken.appendToStream("cart-1", [added(1)]));
    expect(error).toMatchObject({ code: "OUTCOME_UNKNOWN", eventIds: [expect.any(String)] });
    const [id = ""] = idsOf(error);
    proxy.cutAll();
    expect(await store.appendToStream("cart-1", [{ ...added(1), id }])).toMatchObject({ version: 1 });
    expect((await log()).map((event) => event.id)).toEqual([id]);
  });
});
