import { corpus } from "./corpus.ts";
import { describe, executable, expect, tellThatNothingWasTested, test } from "./chromium.ts";

describe("names and payloads that mean harm", () => {
  if (executable === undefined) return tellThatNothingWasTested();

  test("stay text on every page", async ({ visit, store }) => {
    await store.indexes.create("causation");
    for (const evil of corpus) {
      await store.appendToStream(evil, [
        { type: evil, data: { [evil]: evil, nested: [evil] }, metadata: { [evil]: evil, correlationId: evil, causationId: evil, actorId: evil }, tags: [evil] },
      ]);
    }
    const tenant = store.forTenant(corpus[1] ?? "");
    await tenant.appendToStream("cart-1", [{ type: "Opened", data: {} }]);
    const deciders = Object.fromEntries(
      corpus.map((evil) => [evil.split("-", 1)[0] ?? evil, { initialState: () => ({}), evolve: () => ({ [evil]: evil, nested: [evil] }) }]),
    );
    const { page, go, root, complaints } = await visit({ deciders });
    // What the pages are made of, without what the store says.
    const kinds = (): Promise<string[]> =>
      page.evaluate(() => [...new Set(Array.from(document.querySelectorAll("body *"), (element) => element.tagName.toLowerCase()))].toSorted());
    const bad = (): Promise<number> =>
      page.evaluate(
        () =>
          document.querySelectorAll("body script, iframe, object, embed, base, img, body meta, [onerror], [onload], [onmouseover], a[href^='javascript:' i]")
            .length,
      );

    await page.getByRole("heading", { name: "Largest streams" }).waitFor();
    expect(await bad()).toBe(0);
    await go("/streams");
    await page.locator(".rows").waitFor();
    expect(await page.locator(".rows tbody tr").count()).toBe(corpus.length);
    expect(await bad()).toBe(0);
    for (const evil of corpus) {
      await go(`/streams?${new URLSearchParams({ prefix: evil, category: evil, after: "" }).toString()}`);
      await page.getByRole("heading", { name: "Streams" }).waitFor();
      await go(`/stream?${new URLSearchParams({ id: evil }).toString()}`);
      await page.locator(".summary").click();
      await page.locator(".detail").waitFor();
      expect(await page.locator("h1").textContent()).toBe(evil);
      expect(await page.locator(".detail").textContent()).toContain(JSON.stringify(evil));
      expect(await bad(), evil).toBe(0);
      await page.getByRole("link", { name: "Causes, copies and more" }).click();
      await page.getByRole("heading", { name: "Causes and effects" }).waitFor();
      expect(await page.locator("h1").textContent()).toBe(evil);
      expect(await bad(), evil).toBe(0);
      await page.getByRole("link", { name: "State at this version" }).click();
      await page.locator(".changes").waitFor();
      expect(await page.locator("main").textContent()).toContain(JSON.stringify(evil));
      expect(await bad(), evil).toBe(0);
      expect(page.url().startsWith(root)).toBe(true);
    }
    expect(await kinds()).not.toContain("script");
    await go(`/event?${new URLSearchParams({ id: corpus[0] ?? "" }).toString()}#<img src=x onerror=alert(1)>`);
    await page.getByRole("heading", { name: "There is no such event" }).waitFor();
    expect(await bad()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test("would be refused by the browser, if a page made markup or a script of one", async ({ visit }) => {
    const { page } = await visit();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    const outcomes = await page.evaluate(async () => {
      const attempt = (work: () => void): string => {
        try {
          work();
          return "done";
        } catch (error) {
          return error instanceof Error ? error.name : "refused";
        }
      };
      const image = new Image();
      const loaded = new Promise((resolve) => {
        image.addEventListener("error", () => resolve("refused"));
        image.addEventListener("load", () => resolve("done"));
      });
      image.src = "data:image/gif;base64,R0lGODlhAQABAAAAACw=";
      return {
        markup: attempt(() => (document.body.innerHTML = "<b>x</b>")),
        script: attempt(() => void Object.assign(document.createElement("script"), { text: "alert(1)" })),
        policy: attempt(() => void Reflect.get(globalThis, "trustedTypes").createPolicy("x", {})),
        image: await loaded,
        elsewhere: await fetch("https://example.com/").then(
          () => "done",
          () => "refused",
        ),
      };
    });
    expect(outcomes).toEqual({ markup: "TypeError", script: "TypeError", policy: "TypeError", image: "refused", elsewhere: "refused" });
  });
});
