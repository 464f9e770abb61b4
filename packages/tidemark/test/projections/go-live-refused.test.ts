import { defineProjection } from "tidemark";
import { type CartEvent, confirmed, itemAdded } from "../support/cart.ts";
import { eventually, expect, test } from "../support/test.ts";

const scripts = ["rollback", "commit", "rollback and chain", "insert into public.bills values ('x', 'nobody')"];

test.for(scripts)("an inline projection that is new stops at an event that fails only at the commit: %s", async (script, { openStore, sql }) => {
  await sql.query("create table public.bills (id text unique, refers text references public.bills (id) deferrable initially deferred)");
  try {
    const first = await openStore();
    await first.appendToStream("cart-1", [itemAdded(), confirmed, itemAdded()]);
    const bills = defineProjection<CartEvent>({
      name: "bills",
      version: 1,
      mode: "inline",
      handles: ["ItemAdded", "CartConfirmed"],
      async handle({ type, version }, tx) {
        await tx.query("insert into public.bills values ($1, null)", [`${version}`]);
        if (type === "CartConfirmed") await tx.query(script).catch(() => {});
      },
    });
    const store = await openStore({ projections: [bills], logger: { debug() {}, info() {}, warn() {}, error() {} } });
    await eventually(async () => expect(await store.projections.get("bills")).toMatchObject({ state: "failed", position: 1, failingEvent: { position: 2 } }));
    expect((await sql.query("select id from public.bills order by id")).rows).toEqual([{ id: "1" }]);
  } finally {
    await sql.query("drop table public.bills");
  }
});
