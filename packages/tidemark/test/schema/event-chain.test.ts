import { randomBytes } from "node:crypto";
import pg from "pg";
import { openEventStore, rolesSql } from "tidemark";
import { beginChain, readChain } from "../../src/schema/event-chain.ts";
import { itemAdded } from "../support/cart.ts";
import { describe, expect, test } from "./test.ts";

describe("a chain", () => {
  test("is asked of a store that must not be changed in vain", async ({ store, openStore }) => {
    await store.highWaterMark();
    for (const migrate of ["verify", "off"] as const)
      await expect(openStore({ integrity: "chain", migrate })).rejects.toMatchObject({
        code: "DATABASE",
        sqlState: "55000",
        message: expect.stringContaining(`are not chained, and migrate: "${migrate}" changes nothing. Run: npx tidemark migrate chain`),
      });
    await openStore({ integrity: "chain" });
    await openStore({ integrity: "chain", migrate: "verify" });
    // @ts-expect-error
    await expect(openStore({ integrity: "chained" })).rejects.toThrow('options.integrity must be "none" or "chain"');
  });

  test("is begun by an owner alone, and carried on by a writer", async ({ store, sql, schema, databaseUrl }) => {
    await store.highWaterMark();
    const prefix = `tidemark_${randomBytes(4).toString("hex")}`;
    await sql.query(rolesSql({ schema, prefix }));
    await sql.query(`create role ${prefix}_login login password 'not a secret' in role ${prefix}_writer`);
    const url = new URL(databaseUrl);
    url.username = `${prefix}_login`;
    url.password = "not a secret";
    try {
      await expect(openEventStore(url.href, { schema, integrity: "chain" })).rejects.toMatchObject({
        code: "DATABASE",
        sqlState: "42501",
        message: expect.stringContaining("As that role, run: npx tidemark migrate chain"),
      });
      await using owner = await openEventStore(databaseUrl, { schema, integrity: "chain" });
      await using writer = await openEventStore(url.href, { schema, integrity: "chain", migrate: "verify" });
      await writer.appendToStream("cart-1", [itemAdded(), itemAdded()]);
      expect(await owner.verify()).toMatchObject({ ok: true, events: 2, chain: { after: 0, active: true } });
    } finally {
      for (const role of ["login", "owner", "writer", "reader", "worker", "operator"])
        await sql.query(`drop owned by ${prefix}_${role} cascade; drop role ${prefix}_${role}`);
    }
  });

  test("waits for an append that is under way, and lets others go on meanwhile", async ({ database, store, schema, sql }) => {
    const opened = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    const transaction = store.transaction(async (tx) => {
      await tx.appendToStream("cart-1", [itemAdded()]);
      opened.resolve();
      await end.promise;
    });
    await opened.promise;
    const beginning = beginChain(database, schema);
    // Waits behind the lock that is asked for, until that gives up.
    await store.appendToStream("cart-2", [itemAdded()]);
    end.resolve();
    await transaction;
    const { after } = await beginning;
    const { rows } = await sql.query(`select max(position)::int as last from ${pg.escapeIdentifier(schema)}.events where hash is null`);
    expect(rows).toEqual([{ last: after }]);
    expect(await beginChain(database, schema)).toEqual({ after, active: true });
    expect(await readChain(database, schema)).toEqual({ after, active: true });
  });

  test("cannot be forgotten", async ({ openStore, sql, schema }) => {
    await openStore({ integrity: "chain" });
    const chain = `${pg.escapeIdentifier(schema)}.event_chain`;
    for (const statement of [`update ${chain} set position = 100`, `delete from ${chain}`, `truncate ${chain}`])
      await expect(sql.query(statement), statement).rejects.toMatchObject({ code: "TM004" });
  });
});
