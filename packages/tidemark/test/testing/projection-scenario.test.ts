import { defineProjection, documentProjection } from "tidemark";
import { scenario } from "tidemark/testing";
import { describe, expect, test } from "vitest";
import { cartSummary, popularity } from "../projections/carts.ts";
import { confirmed, itemAdded } from "../support/cart.ts";

const on = (streamId: string, event: ReturnType<typeof itemAdded>): ReturnType<typeof itemAdded> & { readonly streamId: string } => ({ ...event, streamId });

async function messageOf(failing: Promise<void>): Promise<string> {
  const error: unknown = await failing.catch((reason: unknown) => reason);
  return error instanceof Error ? error.message : "";
}

describe("a scenario of a document projection", () => {
  test("passes where the documents are those that the events make", async () => {
    await scenario(cartSummary("inline"))
      .given([on("cart-1", itemAdded("tea", 2, 3)), on("cart-2", itemAdded()), on("cart-1", confirmed)])
      .then({ "cart-1": { items: 2, total: 6, confirmed: true }, "cart-2": { items: 1, total: 4.5, confirmed: false }, "cart-3": undefined });
    await expect(scenario(popularity("async")).given([]).then({})).resolves.toBeUndefined();
  });

  test("shows what differs: another document, one that is missing, one too many", async () => {
    const history = scenario(popularity("inline")).given([itemAdded("tea", 2), itemAdded("cake", 1)]);
    const told = await messageOf(history.then({ tea: { added: 3 }, pie: { added: 1 } }));
    expect(told).toMatch(/^The documents are others than expected\./);
    for (const line of [/\+.*cake/, /\+.*added: 2/, /-.*added: 3/, /-.*pie/]) expect(told).toMatch(line);
    expect(await messageOf(history.then({ tea: { added: 2 }, cake: undefined }))).toMatch(/\+.*cake/);
  });

  test("passes over what the filter does not let through, deletes, and fails with what the projection throws", async () => {
    const open = documentProjection<{ readonly n: number }>({
      name: "open",
      mode: "async",
      collection: "open",
      filter: [{ categories: ["order"], tags: ["eu"] }, { data: { vip: true } }],
      documentId: ({ streamId }) => streamId,
      evolve: {
        Placed: (document) => ({ n: (document?.n ?? 0) + 1 }),
        Closed: () => null,
        Broken: () => {
          throw new Error("broken");
        },
      },
    });
    const placed = { type: "Placed", data: {}, tags: ["eu"] };
    await scenario(open)
      .given([
        { ...placed, streamId: "order-1" },
        { ...placed, streamId: "cart-1" },
        { ...placed, tags: [], streamId: "order-1" },
        { type: "Placed", data: { vip: true }, streamId: "cart-2" },
        { type: "Closed", data: { vip: true }, streamId: "cart-2" },
        { type: "Unheard", data: { vip: true }, streamId: "order-1" },
      ])
      .then({ "order-1": { n: 1 } });
    await expect(
      scenario(open)
        .given([{ type: "Broken", data: { vip: true } }])
        .then({}),
    ).rejects.toMatchObject({ code: "PROJECTION_FAILED", projection: "open" });
  });

  test("refuses a projection of SQL, which only a database can run", () => {
    const sql = defineProjection({ name: "sql", mode: "inline", handles: ["A"], handle: () => {} });
    // @ts-expect-error -- it has no documents
    expect(() => scenario(sql)).toThrow("must be what documentProjection returns");
  });
});
