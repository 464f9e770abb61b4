import pg from "pg";
import { defineProjection } from "tidemark";
import { type CartEvent, itemAdded } from "../support/cart.ts";
import { expect, test } from "../support/test.ts";
import { documentsIn, popularity } from "./carts.ts";

test("an append is told of its own commit, when one behind it in the group is cancelled", async ({ openStore, sql, schema }) => {
  const at = pg.escapeIdentifier(schema);
  const store = await openStore({ projections: [popularity("inline")] });
  await sql.query(`
    create function public.refuse() returns trigger language plpgsql as $$
    begin
      case new.data ->> 'sku'
        when 'refused' then raise exception 'not this one' using errcode = '23514';
        when 'cancelled' then raise exception 'canceling statement due to user request' using errcode = '57014';
        else return new;
      end case;
    end $$;
    create trigger refuse before insert on ${at}.events for each row execute function public.refuse()`);
  try {
    // The second fails what they share, so that each goes alone; then the third is cancelled, and the first is there.
    const outcomes = await Promise.allSettled([
      store.appendToStream("cart-a", [itemAdded("tea", 1)]),
      store.appendToStream("cart-b", [itemAdded("refused", 1)]),
      store.appendToStream("cart-c", [itemAdded("cancelled", 1)]),
      store.appendToStream("cart-d", [itemAdded("tea", 2)]),
    ]);
    expect(outcomes).toMatchObject([
      { status: "fulfilled", value: { streamId: "cart-a", version: 1 } },
      { status: "rejected", reason: { code: "DATABASE", sqlState: "23514" } },
      { status: "rejected", reason: { code: "DATABASE", sqlState: "57014" } },
      { status: "fulfilled", value: { streamId: "cart-d", version: 1 } },
    ]);
    expect(await documentsIn(store, at, "popularity")).toEqual({ tea: { added: 3 } });
  } finally {
    await sql.query(`drop trigger refuse on ${at}.events; drop function public.refuse()`);
  }
});

test.for(["rollback", "commit", "swallowed", "deferred"])("an append whose projection fails at the commit fails alone: %s", async (sku, { openStore, sql }) => {
  await sql.query("create table public.bills (id text, refers text)");
  await sql.query("alter table public.bills add unique (id), add foreign key (refers) references public.bills (id) deferrable initially deferred");
  const bills = defineProjection<CartEvent>({
    name: "bills",
    version: 1,
    mode: "inline",
    handles: ["ItemAdded"],
    async handle({ data, streamId }, tx) {
      const what = data && "sku" in data ? data.sku : "";
      await tx.query("insert into public.bills values ($1, $2)", [streamId, what === "deferred" ? "nobody" : null]);
      if (what === "swallowed") await tx.query("select 1/0").catch(() => {});
      if (what === "rollback" || what === "commit") await tx.query(what).catch(() => {});
    },
  });
  try {
    const store = await openStore({ projections: [bills] });
    const outcomes = await Promise.allSettled([
      store.appendToStream("cart-a", [itemAdded("tea", 1)]),
      store.appendToStream("cart-b", [itemAdded("tea", 1)]),
      store.appendToStream("cart-c", [itemAdded(sku, 1)]),
      store.appendToStream("cart-d", [itemAdded("tea", 1)]),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
    expect((await store.readAll().toArray()).map(({ streamId }) => streamId).toSorted()).toEqual(["cart-a", "cart-b", "cart-d"]);
    expect((await sql.query("select id from public.bills order by id")).rows.map(({ id }) => id)).toEqual(["cart-a", "cart-b", "cart-d"]);
  } finally {
    await sql.query("drop table public.bills");
  }
});
