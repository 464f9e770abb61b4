import { documentProjection, type Event, type Projection } from "tidemark";
import { beginProjections } from "../../src/store/begin-projections.ts";
import { open } from "../database/open.ts";
import { expect, test } from "../support/test.ts";

type Counted = Event<"Counted">;

function counter(name: string, version: number): Projection {
  return documentProjection<{ readonly n: number }, Counted>({
    name,
    version,
    mode: "inline",
    collection: name,
    documentId: ({ streamId }) => streamId,
    evolve: { Counted: (document) => ({ n: (document?.n ?? 0) + 1 }) },
  });
}

test("a store that opens waits for the inline versions that serve, and for none that is built beside them", async ({ databaseUrl, schema }) => {
  await using opened = await open(databaseUrl);
  const asked: string[] = [];
  let marks = 0;
  const begin = async (projections: readonly Projection[]): Promise<readonly string[]> => {
    const given = {
      database: opened.database,
      schema,
      projections,
      workers: {
        followInline: async () => async (awaited: readonly Projection[]) => void asked.push(...awaited.map(({ name, version }) => `${name} ${version}`)),
      },
      gate: { async reload() {} },
      feed: { highWaterMark: async () => marks++ },
      logger: console,
    };
    await beginProjections(Object({}), Object(given));
    return asked.splice(0);
  };
  expect(await begin([counter("carts", 1)])).toEqual(["carts 1"]);
  expect(marks).toBe(1);
  expect(await begin([counter("carts", 2)])).toEqual([]);
  expect(await begin([counter("carts", 2)])).toEqual([]);
  // Not even how long the log is.
  expect(marks).toBe(1);
  expect(await begin([counter("carts", 1), counter("carts", 2), counter("carts", 3)])).toEqual(["carts 1"]);
  expect(await begin([counter("carts", 2), counter("orders", 5), counter("orders", 6)])).toEqual(["orders 5"]);
});
