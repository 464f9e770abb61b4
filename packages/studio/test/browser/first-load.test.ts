import { defineConsumer, documentProjection, type Event } from "tidemark";
import { eventually } from "../../../tidemark/test/support/test.ts";
import { firstQuestions } from "../../src/wire/first-questions.ts";
import { searchOf } from "../../src/wire/questions.ts";
import { describe, executable, expect, tellThatNothingWasTested, test } from "./chromium.ts";

const carts = documentProjection<{ readonly n: number }, Event<"ItemAdded", object>, "ItemAdded">({
  name: "carts",
  mode: "inline",
  collection: "carts",
  handles: ["ItemAdded"],
  documentId: ({ streamId }) => streamId,
  evolve: (document) => ({ n: (document?.n ?? 0) + 1 }),
});

/** A request of a page, and whether the document or the script began it. */
interface Asked {
  readonly address: string;
  readonly by: string;
}

describe("the first load of a page", () => {
  if (executable === undefined) return tellThatNothingWasTested();

  test.for(["", "/panel"])("asks its first questions once, beside the script and not after it: at %j", async (basePath, { visit, openStore }) => {
    const store = await openStore({ projections: [carts], pool: { queryTimeoutMs: 600_000, connectionTimeoutMs: 600_000 } });
    await store.appendToStream("cart-7", [{ type: "ItemAdded", data: {} }]);
    const [event] = await store.readStream("cart-7").toArray();
    const worker = store.createWorker({ consumers: [defineConsumer({ name: "mailer", handle: async () => {} })] });
    await worker.start();
    await eventually(async () => expect((await store.projections.get("carts")).state).toBe("live"));
    await worker.stop();
    const { page, root } = await visit({
      basePath,
      role: "admin",
      tenants: "all",
      deciders: { cart: { initialState: () => 0, evolve: (n: number) => n + 1 } },
    });
    const requests: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    // What a page asks again and again, it asks once.
    await page.addInitScript(() => {
      const later = setTimeout;
      Object.assign(globalThis, { setTimeout: (run: () => void, ms: number) => (ms >= 500 ? 0 : later(run, ms)) });
    });
    /** The page, what is there once it has its answers, and what it can only ask after them. */
    const pages: readonly (readonly [string, string, (readonly string[])?])[] = [
      ["/", ".shares"],
      ["/streams?prefix=cart&category=cart&x=1", ".rows"],
      ["/streams?prefix=%22%3E%3Cscript%3E%26amp;é%F0%9F%92%A9%20+", ".empty"],
      ["/streams?tenant=acme", ".empty"],
      ["/stream?id=cart-7", ".summary"],
      ["/stream?id=cart-7&order=oldest&at=1", ".summary"],
      ["/state?id=cart-7&version=1", "#state"],
      ["/state?id=cart-7", "#state"],
      [`/event?id=${event?.id}`, "#causation"],
      ["/projections", ".panel"],
      ["/documents", ".shares"],
      ["/documents?collection=carts", ".rows"],
      [`/documents?collection=carts&where=${encodeURIComponent('[["n","gt",0],[1,2]]')}`, ".rows"],
      ["/document?collection=carts&id=cart-7", "#history ~ .shares"],
      ["/processes", "#timers"],
      ["/process?name=absent&id=absent", ".empty"],
      ["/catalogue", ".shares"],
      ["/live?types=ItemAdded", ".summary", ["tail?types=ItemAdded&from=live"]],
      ["/followers", ".rows"],
      ["/follower?id=mailer", "#shards"],
      ["/dead-letters", ".empty"],
      [`/dead-letter?id=mailer&position=${event?.position}`, ".empty"],
      ["/tenants", ".rows"],
      ["/audit", ".empty"],
    ];
    const api = new URL(`${basePath}/api/`, root).href;
    const inOrder = (list: readonly string[]): readonly string[] => list.toSorted((a, b) => (a < b ? -1 : 1));
    for (const [path, there, after = []] of pages) {
      const url = new URL(path, root);
      const tenant = url.searchParams.get("tenant") ?? "";
      const first = firstQuestions(url).map(([call, parameters]) => `${call}${searchOf({ tenant, ...parameters })}`);
      requests.length = 0;
      await page.goto(new URL(`${basePath}${path}`, root).href);
      await page.locator(there).first().waitFor();
      const asked = (): string[] => requests.flatMap((address) => (address.startsWith(api) ? [address.slice(api.length)] : []));
      await eventually(() => expect(asked().length).toBeGreaterThanOrEqual(first.length + after.length));
      expect([path, inOrder(asked())]).toEqual([path, inOrder([...first, ...after])]);
      const entries = await eventually(async () => {
        const found = await page.evaluate(() =>
          performance
            .getEntriesByType("resource")
            .map((entry) => ({ address: entry.name, by: entry instanceof PerformanceResourceTiming ? entry.initiatorType : "" })),
        );
        const beside = found.filter(({ address, by }: Asked) => address.startsWith(api) && by === "link");
        expect([path, inOrder(beside.map(({ address }: Asked) => address.slice(api.length)))]).toEqual([path, inOrder(first)]);
        return found;
      });
      // Two more in series than the document itself at most, and for nearly all pages one.
      const later = entries.filter(({ address, by }: Asked) => by === "fetch" && !after.includes(address.slice(api.length)));
      expect([path, later]).toEqual([path, []]);
    }
  });
});
