import type { Pool } from "pg";
import { InvalidArgumentError, openEventStore } from "tidemark";
import { itemAdded } from "../support/cart.ts";
import { describe, eventually, expect, test } from "../support/test.ts";
import { gate } from "../support/gate.ts";
import { recordWarnings } from "../database/open.ts";

/** A value that the types refuse. */
function any<T>(value: unknown): T {
  const holder: object = { value };
  return Reflect.get(holder, "value");
}

/** Sessions that wait for another transaction to insert the same id. */
const waitingSql = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%tidemark_inbox_insert%'";

async function waiting(sql: Pool, count = 1): Promise<void> {
  await eventually(async () => expect((await sql.query(waitingSql)).rows).toHaveLength(count));
}

describe("a message", () => {
  test("is handled once, with what it appends, and told of when it comes again", async ({ store, openStore }) => {
    const first = await store.receive("m-1", (tx) => tx.appendToStream("cart-1", [itemAdded()]));
    expect(first).toMatchObject({ handled: true, result: { version: 1 } });
    const elsewhere = await openStore();
    for (const again of [store, elsewhere]) {
      const received = await again.receive("m-1", async () => expect.unreachable());
      expect(received).toEqual({ handled: false, receivedAt: expect.any(Date) });
    }
    expect(await store.readStream("cart-1").toArray()).toHaveLength(1);
  });

  test("is not handled where its handler throws: nothing is appended, and it can come again", async ({ store }) => {
    const failure = new Error("the handler fails");
    await expect(
      store.receive("m-2", async (tx) => {
        await tx.appendToStream("cart-2", [itemAdded()]);
        throw failure;
      }),
    ).rejects.toBe(failure);
    expect(await store.readStream("cart-2").toArray()).toEqual([]);
    expect(await store.receive("m-2", (tx) => tx.appendToStream("cart-2", [itemAdded()]))).toMatchObject({ handled: true, result: { version: 1 } });
  });

  test("that two tenants receive is handled by each", async ({ store }) => {
    const handled: string[] = [];
    for (const tenant of ["", "acme", "globex", "acme"]) await store.forTenant(tenant).receive("m-3", async () => void handled.push(tenant));
    expect(handled).toEqual(["", "acme", "globex"]);
  });

  test("has an id that any broker may have made", async ({ store }) => {
    for (const id of ["'; drop table x --", "ü/€/𝄞", "x".repeat(512), "%s \\ $1"]) {
      expect(await store.receive(id, async () => id), id).toEqual({ handled: true, result: id });
      expect(await store.receive(id, async () => id), id).toMatchObject({ handled: false });
    }
  });

  test("with a bad argument is refused before anything is sent", async ({ openStore }) => {
    const store = await openStore();
    await store.close();
    const work = async (): Promise<void> => {};
    const bad: readonly (readonly [() => Promise<unknown>, string])[] = [
      [() => store.receive("", work), "messageId"],
      [() => store.receive("x".repeat(513), work), "messageId"],
      [() => store.receive("a\u0000", work), "messageId"],
      [() => store.receive("\ud800", work), "messageId"],
      [() => store.receive(any(7), work), "messageId"],
      [() => store.receive("a", any(undefined)), "work"],
      [() => store.receive("a", work, { keepMs: 999 }), "options.keepMs"],
      [() => store.receive("a", work, any({ keepMS: 1_000 })), "options.keepMS"],
    ];
    for (const [call, argument] of bad) await expect(call(), argument).rejects.toThrow(new RegExp(`^${argument.replace(".", "\\.")} `));
    await expect(store.receive("a", work, any({ keepMS: 1_000 }))).rejects.toThrow(/did you mean "keepMs"/);
    await expect(store.receive("a", any(1))).rejects.toBeInstanceOf(InvalidArgumentError);
  });
});

describe("two receives of one message at once", () => {
  test("handle it once: the other waits, and is told", async ({ store, openStore, sql }) => {
    const entered = gate();
    using released = gate();
    const first = store.receive("m-4", async (tx) => {
      await tx.appendToStream("cart-4", [itemAdded()]);
      entered.open();
      await released.opened;
      return "first";
    });
    await entered.opened;
    const elsewhere = await openStore();
    let second = "waits";
    const other = elsewhere.receive("m-4", async () => expect.unreachable()).finally(() => (second = "told"));
    await waiting(sql);
    expect(second).toBe("waits");
    expect(await store.receive("m-5", async () => "another message")).toMatchObject({ handled: true });
    released.open();
    expect(await first).toEqual({ handled: true, result: "first" });
    expect(await other).toMatchObject({ handled: false });
    expect(await store.readStream("cart-4").toArray()).toHaveLength(1);
  });

  test("let the other handle it where the first fails", async ({ store, openStore, sql }) => {
    const entered = gate();
    using released = gate();
    const first = store.receive("m-6", async (tx) => {
      await tx.appendToStream("cart-6", [itemAdded()]);
      entered.open();
      await released.opened;
      throw new Error("the first fails");
    });
    await entered.opened;
    const elsewhere = await openStore();
    const other = elsewhere.receive("m-6", (tx) => tx.appendToStream("cart-6", [itemAdded()]));
    await waiting(sql);
    released.open();
    await expect(first).rejects.toThrow("the first fails");
    expect(await other).toMatchObject({ handled: true, result: { version: 1 } });
  });

  test("let the other handle it where the first one's session is killed", async ({ store, openStore, sql }) => {
    const entered = gate();
    using released = gate();
    const first = store.receive("m-7", async (tx) => {
      const { rows } = await tx.query<{ pid: number }>("select pg_catalog.pg_backend_pid() as pid");
      await tx.appendToStream("cart-7", [itemAdded()]);
      entered.open();
      await released.opened;
      return rows;
    });
    await entered.opened;
    const elsewhere = await openStore();
    const other = elsewhere.receive("m-7", (tx) => tx.appendToStream("cart-7", [itemAdded()]));
    await waiting(sql);
    await sql.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and state = 'idle in transaction' and pid <> pg_backend_pid()",
    );
    expect(await other).toMatchObject({ handled: true, result: { version: 1 } });
    released.open();
    await expect(first).rejects.toMatchObject({ code: "CONNECTION" });
    expect(await store.readStream("cart-7").toArray()).toHaveLength(1);
  });
});

test("messages are received in an embedded database", async () => {
  const store = await openEventStore({ logger: recordWarnings().logger });
  try {
    const receive = (): Promise<unknown> => store.receive("m-1", (tx) => tx.appendToStream("cart-1", [itemAdded()]));
    const both = await Promise.all([receive(), receive()]);
    expect(both).toMatchObject([{ handled: true }, { handled: false }]);
    expect(await store.readStream("cart-1").toArray()).toHaveLength(1);
  } finally {
    await store.close();
  }
});
