import { append, defineEvents, defineProcess, documentProjection, event, type Event } from "tidemark";
import { corpus } from "./corpus.ts";
import { eventually } from "../../../tidemark/test/support/test.ts";
import { describe, executable, expect, tellThatNothingWasTested, test } from "./chromium.ts";

const carts = documentProjection<Record<string, unknown>, Event<"ItemAdded", { readonly price: number; readonly name: string }>, "ItemAdded">({
  name: "carts",
  mode: "inline",
  collection: "carts",
  handles: ["ItemAdded"],
  documentId: ({ streamId }) => streamId,
  evolve: (document, { data }) => ({ total: Number(document?.["total"] ?? 0) + data.price, open: true, customer: { name: data.name } }),
});

const added = (price: number, name: string): Event => ({ type: "ItemAdded", data: { price, name } });

describe("read models in Chromium", () => {
  if (executable === undefined) return tellThatNothingWasTested();

  test("documents are found by a filter that knows their fields, and lead to their events", async ({ visit, openStore }) => {
    const store = await openStore({ projections: [carts] });
    for (const [id, price, name] of [
      ["cart-1", 3, "Ada"],
      ["cart-2", 30, "Ben"],
      ["cart-3", 300, "Cleo"],
    ] as const)
      await store.appendToStream(id, [added(price, name)]);
    await eventually(async () => expect((await store.projections.get("carts")).state).toBe("live"));
    const { page, go, complaints } = await visit({}, store);
    await go("/");
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("d");
    await page.getByRole("link", { name: "carts" }).click();
    await page.getByRole("link", { name: "cart-3" }).waitFor();
    const fields = await page
      .locator("datalist option")
      .evaluateAll((options) => options.map((option) => `${option.getAttribute("value")} ${option.textContent}`));
    expect(fields).toEqual(["_id text", "open yes or no", "total number", "customer.name text"]);
    await page.keyboard.press("/");
    await page.keyboard.type("total");
    await page.getByLabel("Is").selectOption("gte");
    await page.getByLabel("Value (number)").fill("many");
    await page.getByLabel("Value (number)").press("Enter");
    await page.getByText("total is a number: this is none.").waitFor();
    await page.getByLabel("Value (number)").fill("30");
    await page.getByLabel("Value (number)").press("Enter");
    await page.getByRole("link", { name: "cart-1" }).waitFor({ state: "detached" });
    await page.reload();
    await page.getByRole("link", { name: "cart-2" }).waitFor();
    expect(await page.locator(".rows tbody tr").count()).toBe(2);
    await page.getByRole("button", { name: "Remove the condition on total" }).click();
    await page.getByRole("link", { name: "cart-1" }).click();
    await page.getByRole("heading", { name: "History" }).waitFor();
    await page.getByRole("link", { name: "ItemAdded" }).click();
    await page.getByRole("heading", { name: "ItemAdded" }).waitFor();
    await go("/projections");
    await page.getByRole("button", { name: /^Compare with the log: version 1/ }).click();
    await page.getByText("all are what the log makes of them").waitFor();
    expect(complaints).toEqual([]);
  });

  test("an instance shows what it was told and did, and the catalogue what it cannot read", async ({ visit, openStore, onTestFinished }) => {
    const store = await openStore({ events: defineEvents({ OrderPlaced: event<object>(), Noted: event<object>() }) });
    await store.appendToStream("order-1", [{ type: "OrderPlaced", data: {} }]);
    const plain = await openStore();
    await plain.appendToStream("order-9", [{ type: "Unheard", data: {} }]);
    const process = defineProcess<number, Event<"OrderPlaced", object>>({
      name: "ordering",
      handles: ["OrderPlaced"],
      instanceId: ({ streamId }) => streamId,
      initialState: () => 0,
      evolve: (n) => n + 1,
      react: ({ streamId }) => [append(`notes-${streamId}`, [{ type: "Noted", data: { n: 41 } }])],
    });
    const worker = plain.createWorker({ processes: [process], leaseMs: 2_000, onError: () => {} });
    onTestFinished(() => worker.stop());
    await worker.start();
    const { page, go, complaints } = await visit({}, store);
    await go("/processes?status=running");
    await page.getByRole("link", { name: "order-1", exact: true }).click();
    await page.getByRole("heading", { name: "Inputs and commands" }).waitFor();
    await page.locator("summary", { hasText: "notes-order-1" }).click();
    await page.getByText("41", { exact: true }).waitFor();
    await go("/catalogue");
    await page.getByRole("button", { name: "Check what is stored" }).click();
    await page.getByText("1 failed").waitFor();
    expect(complaints).toEqual([]);
  });

  test("hostile names and payloads stay text on their pages", async ({ visit, openStore, onTestFinished }) => {
    const evilCarts = documentProjection<Record<string, unknown>, Event, string>({
      name: corpus[1] ?? "",
      mode: "inline",
      collection: "evil",
      handles: [...corpus],
      documentId: ({ type }) => type,
      evolve: (_document, { type }) => ({ [type]: type, nested: [type] }),
    });
    const evilProcess = defineProcess<Record<string, unknown>, Event>({
      name: corpus[2] ?? "",
      handles: [...corpus],
      instanceId: ({ type }) => type,
      initialState: () => ({}),
      evolve: (_state, { type }) => ({ [type]: type }),
      react: ({ type }) => {
        if (type === corpus[0]) throw new Error(type);
        return [append(`notes ${type}`, [{ type: "Noted", data: { [type]: type } }])];
      },
    });
    const store = await openStore({ projections: [evilCarts] });
    for (const evil of corpus) {
      await store.appendToStream(evil, [{ type: evil, data: {} }]);
      await store.schedule(evil, { type: evil, data: {} }, { key: evil, in: 3_600_000 });
    }
    await eventually(async () => expect((await store.projections.get(corpus[1] ?? "")).state).toBe("live"));
    const worker = store.createWorker({ processes: [evilProcess], leaseMs: 2_000, onError: () => {} });
    onTestFinished(() => worker.stop());
    await worker.start();
    await worker.caughtUp();
    const { page, go, root, complaints } = await visit({}, store);
    const bad = (): Promise<number> =>
      page.evaluate(
        () =>
          document.querySelectorAll("body script, iframe, object, embed, base, img, body meta, [onerror], [onload], [onmouseover], a[href^='javascript:' i]")
            .length,
      );
    const name = new URLSearchParams({ name: corpus[2] ?? "" }).toString();
    for (const [path, there] of [
      ["/projections", "table"],
      ["/documents", ".shares"],
      ["/documents?collection=evil", ".rows"],
      ["/processes", ".rows"],
      ["/catalogue", ".shares"],
    ] as const) {
      await go(path);
      await page.locator(there).first().waitFor();
      expect(await bad(), path).toBe(0);
    }
    for (const evil of corpus) {
      const id = new URLSearchParams({ id: evil }).toString();
      await go(`/document?collection=evil&${id}`);
      await page.getByRole("heading", { name: "History" }).waitFor();
      expect(await page.locator("main").textContent()).toContain(JSON.stringify(evil));
      expect(await bad(), evil).toBe(0);
      await go(`/process?${name}&${id}`);
      await page.getByRole("heading", { name: "Inputs and commands" }).waitFor();
      expect(await bad(), evil).toBe(0);
      await go(`/documents?${new URLSearchParams({ collection: "evil", where: JSON.stringify([["_id", "eq", evil]]) }).toString()}`);
      await page.locator(".rows").waitFor();
      expect(await page.locator(".tags").textContent()).toContain(JSON.stringify(evil));
      expect(await bad(), evil).toBe(0);
    }
    expect(page.url().startsWith(root)).toBe(true);
    expect(complaints).toEqual([]);
  });
});
