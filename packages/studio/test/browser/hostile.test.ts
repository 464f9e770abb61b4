import type { Page } from "playwright-core";
import { defineConsumer } from "tidemark";
import { eventually } from "../../../tidemark/test/support/test.ts";
import { corpus } from "./corpus.ts";
import { describe, executable, expect, tellThatNothingWasTested, test } from "./chromium.ts";

/** How much of what would run or load is in the page. */
const harm = (page: Page): Promise<number> =>
  page.evaluate(
    () =>
      document.querySelectorAll("body script, iframe, object, embed, base, img, body meta, [onerror], [onload], [onmouseover], a[href^='javascript:' i]")
        .length,
  );

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
    const bad = (): Promise<number> => harm(page);

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

  test("stay text where consumers fail with them, are paused for them, and are changed by them", async ({ visit, store }) => {
    const workers = corpus.slice(0, 4).map((evil) =>
      store.createWorker({
        consumers: [
          defineConsumer({
            name: evil,
            retry: { attempts: 1 },
            onFailure: "dead-letter",
            handle: async () => {
              throw Object.assign(new Error(corpus.join(" ")), { code: evil });
            },
          }),
        ],
      }),
    );
    for (const worker of workers) await worker.start();
    for (const evil of corpus) await store.appendToStream(evil, [{ type: evil, data: { [evil]: evil }, metadata: { actorId: evil } }]);
    // After some that failed one after another, a consumer waits before it takes the next.
    await eventually(async () => expect(new Set((await store.deadLetters.list()).map(({ consumer }) => consumer)).size).toBe(4));
    const { page, go, complaints } = await visit({ authorize: () => ({ role: "admin", name: corpus[1] ?? "" }) });
    for (const [index, evil] of corpus.slice(0, 4).entries()) {
      await go(`/follower?${new URLSearchParams({ id: evil, kind: "consumer" }).toString()}`);
      await page.getByLabel("Reason").fill(evil);
      await page.getByRole("button", { name: "Pause" }).click();
      await page.getByRole("dialog").getByRole("listitem").first().waitFor();
      expect(await page.getByRole("dialog").textContent()).toContain(evil);
      expect(await harm(page), evil).toBe(0);
      await page.getByRole("button", { name: "Do it" }).click();
      await page.getByRole("button", { name: "Resume" }).waitFor();
      expect(await harm(page), evil).toBe(0);
      const [letter] = await store.deadLetters.list({ consumer: evil, limit: corpus.length });
      await go(`/dead-letter?${new URLSearchParams({ id: evil, kind: "consumer", position: String(letter?.position) }).toString()}`);
      await page.getByLabel("Stack").waitFor();
      expect(await page.locator("main").textContent()).toContain(corpus[index] ?? "");
      expect(await harm(page), evil).toBe(0);
    }
    for (const [path, there] of [
      ["/followers", ".rows"],
      ["/dead-letters", "main .panel"],
      ["/audit", ".rows"],
      ["/live", ".summary"],
    ] as const) {
      await go(path);
      await page.locator(there).first().waitFor();
      for (const part of await page.locator("main summary, main .summary").all()) await part.click();
      expect(await harm(page), path).toBe(0);
    }
    expect(complaints).toEqual([]);
    for (const worker of workers) await worker.stop();
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
