import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import type { AxeResults } from "axe-core";
import { defineConsumer, documentProjection, type Event } from "tidemark";
import { eventually } from "../../../tidemark/test/support/test.ts";
import { describe, executable, expect, tellThatNothingWasTested, test } from "./chromium.ts";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const carts = documentProjection<{ readonly n: number; readonly note: string }, Event<"ItemAdded", { readonly note: string }>, "ItemAdded">({
  name: "carts",
  mode: "inline",
  collection: "carts",
  handles: ["ItemAdded"],
  documentId: ({ streamId }) => streamId,
  evolve: (document, { data }) => ({ n: (document?.n ?? 0) + 1, note: data.note }),
});

const failing = defineConsumer({
  name: "mailer",
  retry: { attempts: 1 },
  onFailure: "dead-letter",
  handle: async () => {
    throw new Error("no address");
  },
});

describe("every page", () => {
  if (executable === undefined) return tellThatNothingWasTested();

  const kinds = [
    ["on a wide screen", {}],
    ["in the dark", { dark: true }],
    ["on a small phone", { width: 360 }],
  ] as const;

  test.for(kinds)("%s has nothing that axe complains of, and nothing to push sideways", async ([, options], { visit, openStore }) => {
    const store = await openStore({ projections: [carts] });
    await store.appendToStream(
      "cart-7",
      Array.from({ length: 60 }, (_, n) => ({
        type: "ItemAdded",
        data: { sku: "tea", n, gift: null, note: "x".repeat(300) },
        metadata: { actorId: "ada" },
        tags: ["sku:tea"],
      })),
    );
    await eventually(async () => expect((await store.projections.get("carts")).state).toBe("live"));
    await store.schedule("cart-7", { type: "Reminded", data: {} }, { key: "reminder", in: 3_600_000 });
    const [event] = await store.readStream("cart-7", { limit: 1 }).toArray();
    await store.forTenant("acme").appendToStream("order-1", [{ type: "OrderPlaced", data: {} }]);
    const worker = store.createWorker({ consumers: [failing] });
    await worker.start();
    await eventually(async () => expect((await store.deadLetters.list()).length).toBeGreaterThan(0));
    await store.consumers.pause("mailer", { reason: "maintenance" });
    const { page, go, complaints } = await visit({
      ...options,
      role: "admin",
      tenants: "all",
      deciders: { cart: { initialState: () => ({ n: 0 }), evolve: ({ n }: { n: number }) => ({ n: n + 1 }) } },
    });
    const pages: readonly (readonly [string, string, () => Promise<void>])[] = [
      ["/", ".shares", async () => page.keyboard.press("?")],
      ["/streams", ".rows", async () => {}],
      ["/streams?prefix=absent", ".empty", async () => {}],
      ["/stream?id=cart-7", ".summary", async () => page.locator(".summary").first().click()],
      ["/state?id=cart-7", ".changes", async () => {}],
      ["/state?id=cart-7&version=0", "#state", async () => {}],
      [`/event?id=${event?.id}`, "#causation", async () => {}],
      ["/event?id=absent", ".empty", async () => {}],
      ["/projections", "progress, .button", async () => page.getByRole("button", { name: /^Compare with the log: version 1/ }).click()],
      ["/documents", ".shares", async () => {}],
      ["/documents?collection=carts", ".rows", async () => page.getByRole("button", { name: "Add condition" }).click()],
      [`/documents?collection=carts&where=${encodeURIComponent('[["n","gt",100]]')}`, ".empty", async () => {}],
      ["/document?collection=carts&id=cart-7", "#history", async () => {}],
      ["/document?collection=carts&id=absent", ".empty", async () => {}],
      ["/processes", "#timers", async () => page.getByText("reminder").waitFor()],
      ["/process?name=absent&id=absent", ".empty", async () => {}],
      ["/catalogue", ".shares", async () => page.getByRole("button", { name: "Check what is stored" }).click()],
      ["/live", ".summary", async () => {}],
      ["/live?types=Absent", ".empty", async () => {}],
      ["/followers", ".rows", async () => {}],
      ["/follower?id=mailer", "#shards", async () => page.getByRole("button", { name: "Move to the end" }).click()],
      ["/follower?id=absent", ".empty", async () => {}],
      ["/dead-letters", "main .panel", async () => page.getByRole("button", { name: "Discard all" }).click()],
      ["/dead-letters?consumer=absent", ".empty", async () => {}],
      [`/dead-letter?id=mailer&kind=consumer&position=${event?.position}`, "#why", async () => page.getByRole("button", { name: "Discard" }).click()],
      ["/dead-letter?id=mailer&position=9999999", ".empty", async () => {}],
      ["/audit", ".empty", async () => {}],
      ["/tenants", ".rows", async () => {}],
      ["/streams?tenant=acme", ".rows", async () => {}],
      ["/tenants?tenant=nobody", ".empty", async () => {}],
    ];
    for (const [path, there, act] of pages) {
      await go(path);
      await page.locator(there).first().waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), path).toBe(0);
      await act();
      // By the debugger: the page's own policy lets no script of others in.
      await page.evaluate(axe);
      const { violations } = await page.evaluate<AxeResults>("axe.run()");
      expect(violations.map(({ id, nodes }) => `${path}: ${id} ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
    }
    expect(complaints).toEqual([]);
    await worker.stop();
  });
});

test("what the browser loads is less than 60 KB", async () => {
  const files = await Promise.all(["studio.js", "studio.css", "icon.svg"].map((name) => readFile(new URL(`../../dist/client/${name}`, import.meta.url))));
  const bytes = files.reduce((sum, file) => sum + gzipSync(file).length, 0);
  expect(bytes).toBeGreaterThan(5_000);
  expect(bytes).toBeLessThan(60_000);
});
