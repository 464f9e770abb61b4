import { randomBytes } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { plainEvents } from "../../src/catalogue/event-codec.ts";
import { openEventStore } from "../../src/index.ts";
import { Reader } from "../../src/read/reader.ts";
import { StatementsBySize } from "../../src/read/statements-by-size.ts";
import { open } from "../database/open.ts";
import { expect, test } from "../support/test.ts";

const prepared = "select name from pg_prepared_statements where name like 'tidemark%'";
const event = { type: "Grown", data: {} };

test("a store's statements follow the size of its own log, whatever another database of the process holds", async ({ openStore, databaseUrl, schema, sql }) => {
  const name = `other_${randomBytes(4).toString("hex")}`;
  await sql.query(`create database ${name}`);
  const large = await openStore({ pool: { max: 1 } });
  // The same schema in another database.
  const small = await openEventStore(databaseUrl.replace(/\/[^/?]+(?=\?|$)/, `/${name}`), { schema, pool: { max: 1 } });
  try {
    const sizesOf = async (store: typeof large): Promise<readonly (string | undefined)[]> => {
      await store.readStream("cart-1").toArray();
      const { rows } = await store.query<{ name: string }>(`${prepared} and name like '%read_stream%'`);
      return rows.map((row) => /_(\d+)_[0-9a-f]+$/.exec(row.name)?.[1]);
    };
    for (let n = 0; n < 100; n++) await large.appendToStream("cart-1", [event]);
    await sizesOf(large);
    expect(await sizesOf(large)).toContain("3");
    await small.appendToStream("cart-1", [event]);
    expect(await sizesOf(small)).toEqual(["0"]);
  } finally {
    await small.close();
    await sql.query(`drop database ${name} with (force)`);
  }
});

test("a store that was closed leaves none of its statements behind", async ({ databaseUrl, schema }) => {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const { database } = await open(databaseUrl);
  /** In a function of its own, so that nothing here holds what it made. */
  const readOnce = async (n: number): Promise<WeakRef<StatementsBySize>> => {
    const statements = new StatementsBySize(`${schema} ${n}`);
    const reader = new Reader({ queryable: database, statements, codec: plainEvents, tenant: "", mark: async () => 1 });
    await reader
      .readAll({ filter: { types: ["A"] } })
      .toArray()
      .catch(() => {});
    return new WeakRef(statements);
  };
  try {
    const left: WeakRef<StatementsBySize>[] = [];
    for (let n = 0; n < 20; n++) left.push(await readOnce(n));
    await new Promise(setImmediate);
    collect();
    // The last one may still be on the stack.
    expect(left.filter((statements) => statements.deref()).length).toBeLessThanOrEqual(1);
  } finally {
    await database.close();
  }
});
