import type { EventStore, NewEvent } from "../../src/index.ts";
import { plainEvents } from "../../src/catalogue/event-codec.ts";
import type { Queryable } from "../../src/database/database.ts";
import { Reader } from "../../src/read/reader.ts";
import { StatementsBySize } from "../../src/read/statements-by-size.ts";
import { open } from "../database/open.ts";
import { expect, test } from "../support/test.ts";

/** A root, and below it so many levels of so many events each, all caused by the first one above. Returns the ids of the root and of the last leaf. */
async function grow(store: EventStore, levels: number, each: number): Promise<readonly [root: string, leaf: string]> {
  const root = crypto.randomUUID();
  const event = (id: string, causationId?: string): NewEvent => ({ id, type: "Grown", data: {}, metadata: causationId === undefined ? {} : { causationId } });
  const grown = [event(root)];
  let cause: string = root;
  for (let level = 0; level < levels; level++) {
    const ids = Array.from({ length: each }, () => crypto.randomUUID());
    grown.push(...ids.map((id) => event(id, cause)));
    cause = ids[0] ?? "";
  }
  await store.appendToStream(`tree-${root}`, grown);
  return [root, cause];
}

test("causation asks once for a level of effects, however many they are, and once for all causes, however far they go", async ({
  store,
  databaseUrl,
  schema,
}) => {
  await store.indexes.create("causation");
  await using opened = await open(databaseUrl);
  const { database } = opened;
  let asked: string[] = [];
  const queryable: Queryable = {
    query(statement, values, options) {
      asked.push(statement.name);
      return database.query(statement, values, options);
    },
    userQuery: (text, values) => database.userQuery(text, values),
  };
  const reader = new Reader({ queryable, statements: new StatementsBySize(schema), codec: plainEvents, tenant: "", mark: async () => 1 });
  const asking = async (id: string): Promise<Record<string, number>> => {
    asked = [];
    expect((await reader.readCausation(id)).complete).toBe(true);
    return Object.fromEntries([...Map.groupBy(asked, (name) => name)].map(([name, calls]) => [name, calls.length]));
  };
  // The log's size is asked for once.
  const [first] = await grow(store, 1, 1);
  await asking(first);

  const [narrow] = await grow(store, 3, 1);
  const [wide] = await grow(store, 3, 40);
  const [deep, far] = await grow(store, 30, 1);
  const [, near] = await grow(store, 1, 1);
  const ofNarrow = await asking(narrow);
  expect(await asking(wide)).toEqual(ofNarrow);
  // Three levels and one look below the last.
  expect(Object.values(ofNarrow)).toContain(4);
  expect(Object.values(await asking(deep))).toContain(31);
  expect(await asking(far)).toEqual(await asking(near));
});
