import pg from "pg";
import type { Expected } from "../history/entry.ts";
import { eventsOf, eventsWithoutIds, resultsOf, type Client } from "../worker/client.ts";
import { commitFailure, failureOf } from "../worker/outcome.ts";
import type { Call } from "./call.ts";

interface Shape {
  readonly stream: string;
  readonly events: number;
  readonly expected?: Expected;
}

function partsOf({ newIds }: Client, shapes: readonly Shape[]) {
  const ids = newIds(shapes.reduce((sum, { events }) => sum + events, 0));
  return shapes.map(({ stream, events, expected = "any" }) => ({ stream, expected, ids: ids.splice(0, events) }));
}

/** `how` is one that may be sent again as it is. */
function append(client: Client, shapes: readonly Shape[], ids: "own" | "the store's" = "the store's"): Promise<void> {
  const { store, shared } = client;
  const parts = partsOf(client, shapes);
  const [only, ...others] = parts;
  const events = ids === "own" ? eventsOf : (part: (typeof parts)[number]) => eventsWithoutIds(shared, part);
  return client.append({ kind: "append", how: "append to several streams", parts }, async () =>
    only && others.length === 0
      ? resultsOf([await store.appendToStream(only.stream, events(only), { expectedVersion: only.expected })])
      : resultsOf(await store.appendToStreams(parts.map((part) => ({ streamId: part.stream, expectedVersion: part.expected, events: events(part) })))),
  );
}

const begun = (client: Client, category: string): Promise<void> => append(client, [{ stream: `${category}-1`, events: 2 }]);

export const appendCalls: readonly Call[] = [
  { name: "append an event to a new stream", run: (client, category) => append(client, [{ stream: `${category}-1`, events: 1, expected: "no-stream" }]) },
  { name: "append an event", prepare: begun, run: (client, category) => append(client, [{ stream: `${category}-1`, events: 1, expected: 2 }]) },
  {
    name: "append an event with an id",
    prepare: begun,
    run: (client, category) => append(client, [{ stream: `${category}-1`, events: 1, expected: 2 }], "own"),
  },
  { name: "append three events", prepare: begun, run: (client, category) => append(client, [{ stream: `${category}-1`, events: 3 }]) },
  {
    name: "append to three streams",
    prepare: begun,
    run: (client, category) =>
      append(client, [
        { stream: `${category}-3`, events: 2, expected: "no-stream" },
        { stream: `${category}-1`, events: 1, expected: 2 },
        { stream: `${category}-2`, events: 1 },
      ]),
  },
  {
    name: "append to a stream and check two others",
    prepare: begun,
    run: (client, category) =>
      append(client, [
        { stream: `${category}-2`, events: 1 },
        { stream: `${category}-1`, events: 0, expected: 2 },
        { stream: `${category}-3`, events: 0, expected: 0 },
      ]),
  },
  { name: "append with a conflict", prepare: begun, run: (client, category) => append(client, [{ stream: `${category}-1`, events: 1, expected: 1 }]) },
  { name: "check a stream", prepare: begun, run: (client, category) => append(client, [{ stream: `${category}-1`, events: 0, expected: 2 }]) },
  {
    name: "append six times at once, one with a conflict",
    prepare: begun,
    async run(client, category) {
      await Promise.all([
        append(client, [{ stream: `${category}-1`, events: 1 }]),
        append(client, [{ stream: `${category}-2`, events: 2 }], "own"),
        append(client, [{ stream: `${category}-1`, events: 1 }]),
        append(client, [{ stream: `${category}-1`, events: 1, expected: 99 }]),
        append(client, [
          { stream: `${category}-1`, events: 1 },
          { stream: `${category}-3`, events: 1 },
        ]),
        append(client, [{ stream: `${category}-4`, events: 1 }]),
      ]);
    },
  },
  {
    name: "a transaction of two appends and a statement",
    prepare: begun,
    async run(client, category) {
      const parts = partsOf(client, [
        { stream: `${category}-1`, events: 1 },
        { stream: `${category}-2`, events: 2 },
      ]);
      await client.append({ kind: "append", how: "transaction", parts }, () =>
        client.store.transaction(async (tx) => {
          const results = [];
          for (const part of parts) results.push(await tx.appendToStream(part.stream, eventsOf(part), { expectedVersion: part.expected }));
          await tx.query("select count(*) from pg_class");
          return resultsOf(results);
        }),
      );
    },
  },
  {
    name: "a transaction of the user's own with a savepoint",
    prepare: begun,
    async run(client, category) {
      const parts = partsOf(client, [
        { stream: `${category}-1`, events: 1 },
        { stream: `${category}-2`, events: 1 },
      ]);
      let committing = false;
      await client.append(
        { kind: "append", how: "transaction of the user's own", parts },
        async () => {
          const own = new pg.Client({ connectionString: client.shared.orders.url, connectionTimeoutMillis: 1_000, query_timeout: 1_500 });
          own.on("error", () => undefined);
          try {
            await own.connect();
            await own.query("begin");
            const tx = client.store.withTransaction(own);
            const results = [];
            await own.query("savepoint before");
            for (const part of parts) results.push(await tx.appendToStream(part.stream, eventsOf(part)));
            await own.query("release before");
            committing = true;
            await own.query("commit");
            return resultsOf(results);
          } finally {
            void own.end().catch(() => undefined);
          }
        },
        (error) => {
          if (committing) return commitFailure(error);
          const failure = failureOf(error);
          return failure.t === "untyped" ? { t: "fail", code: "DRIVER" } : failure;
        },
      );
    },
  },
];
