import pg from "pg";
import { itemAdded } from "../support/cart.ts";
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
