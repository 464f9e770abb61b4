import type { EventStore } from "tidemark";
import { studio } from "@tidemark/studio";
import type { CatalogueReport } from "../src/wire/catalogue-reports.ts";
import { describe, expect, test } from "../../tidemark/test/support/test.ts";
import { get, report } from "./support.ts";

/** The store, whose statistics are counted when they are asked for, and come when they may. */
function withStats(store: EventStore, stats: EventStore["stats"]): EventStore {
  return new Proxy(store, {
    get(target, name) {
      if (name === "stats") return stats;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

describe("a page", () => {
  test("begins the report that it will ask for, which is asked of the database once", async ({ store }) => {
    await store.appendToStream("cart-1", [{ type: "Opened", data: {} }]);
    const { promise: may, resolve: letGo } = Promise.withResolvers<void>();
    let asked = 0;
    const panel = studio(
      withStats(store, async (options) => {
        asked++;
        await may;
        return store.stats(options);
      }),
    );
    expect((await get(panel, "/catalogue")).status).toBe(200);
    expect(asked).toBe(1);
    const answer = report<CatalogueReport>(panel, "/api/catalogue");
    letGo();
    expect([(await answer).types.map(({ name }) => name), asked]).toEqual([["Opened"], 1]);
  });

  test("that is refused begins none", async ({ store }) => {
    let asked = 0;
    const panel = studio(withStats(store, (options) => ((asked += 1), store.stats(options))));
    expect((await get(panel, "/catalogue", { authorization: "Bearer wrong" })).status).toBe(401);
    expect(asked).toBe(0);
  });

  test("whose report fails is there, and whoever asks for it is told", async ({ store }) => {
    const panel = studio(withStats(store, () => Promise.reject(new Error("no statistics today"))));
    expect((await get(panel, "/catalogue")).status).toBe(200);
    expect((await get(panel, "/api/catalogue")).status).toBe(500);
  });
});
