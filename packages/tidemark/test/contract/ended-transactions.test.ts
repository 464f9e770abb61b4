import { isTidemarkError, type StoreTransaction } from "../../src/index.ts";
import { itemAdded } from "../support/cart.ts";
import { describe, expect } from "../support/test.ts";
import { drivers } from "./drivers.ts";

/** Runs a script on the driver's own client, as an ORM would. */
async function send({ client }: StoreTransaction, script: string): Promise<void> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as an ORM's types do
  const sql = client as { query(text: string): Promise<unknown>; exec?(text: string): Promise<unknown> };
  await (sql.exec ? sql.exec(script) : sql.query(script));
}

const scripts = [
  "commit",
  "end",
  "rollback",
  "abort",
  "commit and chain",
  "rollback and chain",
  "select 1; commit; select 2",
  "commit; begin",
  "rollback; begin",
  "rollback; savepoint a",
  "prepare transaction 'x'",
];

describe.for(drivers)("a statement that ends store.transaction on $driver", ({ test }) => {
  test("fails it with nothing written, in whatever spelling, through tx and through the driver's client", async ({ open }) => {
    const store = await open();
    for (const script of scripts) {
      for (const through of script.includes(";") ? (["client"] as const) : (["query", "client"] as const)) {
        const run = (swallow: boolean): Promise<void> =>
          store.transaction(async (tx) => {
            await tx.appendToStream("cart-1", [itemAdded()]);
            const sent = through === "client" ? send(tx, script) : tx.query(script);
            await (swallow ? sent.catch(() => {}) : sent);
          });
        await expect(run(false), `${script} through ${through}`).rejects.toThrow("transaction");
        await expect(run(true), `${script} through ${through}`).rejects.toMatchObject({ code: "TRANSACTION_ENDED", retryable: false });
      }
    }
    expect((await store.streamInfo("cart-1")).version).toBe(0);
  });

  test("lets nothing be written after it", async ({ open }) => {
    const store = await open();
    const codes: unknown[] = [];
    for (const script of ["commit", "rollback"]) {
      const ended = store.transaction(async (tx) => {
        await tx.query(script).catch(() => {});
        for (const use of [() => tx.appendToStream("cart-1", [itemAdded()]), () => tx.readStream("cart-1").toArray(), () => tx.streamInfo("cart-1")]) {
          codes.push(await use().catch((error: unknown) => isTidemarkError(error) && error.code));
        }
      });
      await expect(ended).rejects.toMatchObject({ code: "TRANSACTION_ENDED" });
    }
    expect(codes).toEqual(Array.from({ length: 6 }, () => "TRANSACTION_ENDED"));
    expect((await store.streamInfo("cart-1")).version).toBe(0);
  });

  test("is none that goes back to a savepoint, nor one inside a function", async ({ open, schema }) => {
    const store = await open();
    const table = `"${schema.replaceAll('"', '""')}".kept`;
    await store.query(`create table ${table} (n integer)`);
    await store.transaction(async (tx) => {
      await tx.query("savepoint tidemark_transaction");
      await tx.query(`insert into ${table} values (1)`);
      await tx.query("rollback to savepoint tidemark_transaction");
      await tx.query(`insert into ${table} values (2)`);
      await tx.query("prepare tidemark_test as select 1");
      await tx.query("deallocate tidemark_test");
      await tx.query("savepoint a");
      await tx.query("do $$ begin commit; end $$").catch(() => tx.query("rollback to savepoint a"));
      await tx.appendToStream("cart-1", [itemAdded()]);
    });
    expect((await store.query(`select n from ${table}`)).rows).toEqual([{ n: 2 }]);
    expect((await store.streamInfo("cart-1")).version).toBe(1);
  });
});
