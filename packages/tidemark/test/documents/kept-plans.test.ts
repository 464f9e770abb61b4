import { documentProjection, type Event } from "tidemark";
import { rowsReadBeside } from "../support/kept-plans.ts";
import { expect, test } from "../support/test.ts";

const others = 20_000;
type Counted = Event<"Counted">;

const counter = documentProjection<{ readonly n: number }, Counted>({
  name: "counter",
  mode: "inline",
  collection: "counters",
  documentId: ({ streamId }) => streamId,
  evolve: { Counted: (document) => ({ n: (document?.n ?? 0) + 1 }) },
});

test("looking documents up by their ids reads no more rows where there are many others", async ({ databaseUrl, schema, sql }) => {
  const readBeside = (count: number): Promise<number> =>
    rowsReadBeside(count, {
      databaseUrl,
      schema: `${schema} ${count}`,
      sql,
      tables: ["counters__v1"],
      options: { projections: [counter] },
      fill: (at) => `insert into ${at}.counters__v1 (_id, data) select 'other-' || n, '{"n": 1}' from generate_series(1, $1::integer) as n`,
      async start(store) {
        await store.appendToStream("c-1", [{ type: "Counted", data: {} }]);
        await store.appendToStream("c-2", [{ type: "Counted", data: {} }]);
        return {
          async use(from, until) {
            for (let n = from; n < until; n++) {
              // By the projection it is the table, and by the name a view.
              for (const documents of [store.documents(counter), store.documents<{ readonly n: number }>("counters")]) {
                expect(await documents.get("c-1")).toMatchObject({ _id: "c-1", n: 1 });
                expect(await documents.get("c-3")).toBeUndefined();
                expect((await documents.getMany(["c-3", "c-2", "c-1"])).map(({ _id }) => _id)).toEqual(["c-2", "c-1"]);
              }
            }
          },
          async stop() {},
        };
      },
    });
  const [alone, beside] = [await readBeside(0), await readBeside(others)];
  expect(alone).toBeGreaterThan(10);
  // One look at all of them would be twenty thousand.
  expect(beside - alone).toBeLessThan(others / 2);
});
