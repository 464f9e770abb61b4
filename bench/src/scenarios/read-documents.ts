import { documentProjection, openEventStore } from "tidemark";
import { runSql } from "../databases.ts";
import type { Comparison, Scenario } from "../scenario.ts";
import { openBareDocuments } from "../subjects/bare-documents.ts";
import { contestant } from "../subjects/open.ts";

const count = 10_000;

interface Cart {
  readonly status: string;
  readonly total: number;
  readonly customer: { readonly name: string; readonly city: string };
  readonly items: readonly { readonly sku: string; readonly quantity: number; readonly price: number }[];
}

const carts = documentProjection<Cart>({
  name: "carts",
  mode: "inline",
  collection: "carts",
  documentId: (event) => event.streamId,
  handles: ["CartOpened"],
  evolve: (document) => document ?? null,
});

/** About 400 bytes of JSON. What is measured is reading, so they are written with SQL. */
const fill = `
insert into tidemark.carts__v1 (_id, data)
select 'cart-' || n, jsonb_build_object('_id', 'cart-' || n, 'status', 'open', 'total', n,
         'customer', jsonb_build_object('name', 'Ada Lovelace', 'city', 'Pisa'),
         'items', (select jsonb_agg(jsonb_build_object('sku', 'sku-' || i, 'quantity', i, 'price', 12.5)) from generate_series(1, 6) as i))
  from generate_series(1, ${count}) as n`;

export const readOneDocument: Scenario = {
  number: 25,
  title: "Read a document by its id",
  about: `Every call reads one of ${count.toLocaleString("en")} documents of 400 bytes with \`get\`. Bare driver: one prepared query by the key on the same table, the driver's own parsers.`,
  unit: "documents/s",
  async prepare(setting) {
    const url = await setting.createDatabase();
    const store = await openEventStore(url, { projections: [carts] });
    setting.cleanup.defer(() => store.close());
    setting.progress("filling Tidemark");
    await runSql(url, fill);
    await runSql(url, "vacuum analyze");
    const bare = openBareDocuments(url, "tidemark.carts__v1");
    setting.cleanup.defer(() => bare.close());
    const read = async (get: (id: string) => Promise<object | undefined>): Promise<number> => {
      const id = `cart-${1 + Math.floor(Math.random() * count)}`;
      if ((await get(id)) === undefined) throw new Error(`There is no ${id}.`);
      return 1;
    };
    return [1, 10].map((callers): Comparison => ({
      label: callers === 1 ? "1 caller" : `${callers} callers`,
      subject: "Tidemark",
      contestants: [
        contestant("bare driver", callers, () => read((id) => bare.get(id))),
        contestant("Tidemark", callers, () => read((id) => store.documents(carts).get(id))),
      ],
      targets: [{ against: "bare driver", atLeast: 0.77 }],
    }));
  },
};
