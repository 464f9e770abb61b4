import { defineConsumer, documentProjection, type Event } from "tidemark";
import { eventually } from "../../../tidemark/test/support/test.ts";
import { describe, executable, expect, tellThatNothingWasTested, test } from "./chromium.ts";

const carts = documentProjection<{ readonly n: number }, Event<"ItemAdded", object>, "ItemAdded">({
  name: "carts",
  mode: "inline",
  collection: "carts",
  handles: ["ItemAdded"],
  documentId: ({ streamId }) => streamId,
  evolve: (document) => ({ n: (document?.n ?? 0) + 1 }),
});

const mailer = defineConsumer({
  name: "mailer",
  retry: { attempts: 1 },
  onFailure: "dead-letter",
  handle: async () => {
    throw new Error("no address");
  },
});

describe("by keyboard alone", () => {
  if (executable === undefined) return tellThatNothingWasTested();

  test("each place is reached by the keys that are listed, and the rows of each list by j and k", async ({ visit, openStore }) => {
    const store = await openStore({ projections: [carts] });
    await store.indexes.create("causation");
    await store.appendToStream("cart-7", [
      { type: "ItemAdded", data: {} },
      { type: "ItemAdded", data: {} },
    ]);
    const [event] = await store.readStream("cart-7").toArray();
    await store.appendToStream("mail-1", [{ type: "MailSent", data: {}, metadata: { causationId: event?.id ?? "" } }]);
    await store.schedule("cart-7", { type: "Reminded", data: {} }, { key: "reminder", in: 3_600_000 });
    await store.audit.record({ action: "pause", subject: "consumer mailer" });
    await eventually(async () => expect((await store.projections.get("carts")).state).toBe("live"));
    const worker = store.createWorker({ consumers: [mailer] });
    await worker.start();
    await eventually(async () => expect((await store.deadLetters.list()).length).toBeGreaterThan(0));
    await worker.stop();
    const { page, go, complaints } = await visit({ role: "admin", tenants: "all" });

    const places = page.getByRole("navigation", { name: "Pages" }).getByRole("link");
    await places.first().waitFor();
    await page.keyboard.press("?");
    const listed = page.getByRole("dialog", { name: "Keyboard" }).locator("dl > div");
    await listed.first().waitFor();
    const keys = await listed.evaluateAll((lines) =>
      lines.map((line) => [Array.from(line.querySelectorAll("kbd"), (key) => key.textContent).join(" "), line.querySelector("dd")?.textContent ?? ""] as const),
    );
    expect(keys.map(([key]) => key)).toEqual(expect.arrayContaining(["?", "/", "j", "k", "t", "d"]));
    await page.keyboard.press("Escape");
    const ways = keys.filter(([key]) => key.startsWith("g "));
    expect(ways.map(([, what]) => what)).toEqual((await places.allTextContents()).map((title) => `Go to ${title.toLowerCase()}`));
    for (const [index, [key]] of ways.entries()) {
      // Where the machine is busy, more time may pass between two keys than one leaves between the two of a sequence.
      await eventually(async () => {
        for (const each of key.split(" ")) await page.keyboard.press(each);
        expect([key, await places.nth(index).getAttribute("aria-current")]).toEqual([key, "page"]);
      });
    }

    const rows: readonly (readonly [string, string])[] = [
      ["/", ".shares"],
      ["/streams", ".rows"],
      ["/stream?id=cart-7", ".summary"],
      [`/event?id=${event?.id}`, ".tree a"],
      ["/projections", ".panel a"],
      ["/documents", ".shares"],
      ["/documents?collection=carts", ".rows"],
      ["/document?collection=carts&id=cart-7", "#history"],
      ["/processes", "#timers ~ .scrolled"],
      ["/catalogue", ".shares"],
      ["/live", ".summary"],
      ["/followers", ".rows"],
      ["/dead-letters", "main .panel"],
      ["/tenants", ".rows"],
      ["/audit", ".rows"],
    ];
    /** Which row has the focus after each key, and how many there are: in one turn, so that no list can come in between. */
    const walk = (keys: readonly string[]): Promise<{ readonly count: number; readonly focused: readonly number[] }> =>
      page.evaluate((pressed) => {
        const all = Array.from(document.querySelectorAll("[data-row]"));
        const focused = pressed.map((key) => {
          document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
          return all.indexOf(document.activeElement ?? document.body);
        });
        return { count: all.length, focused };
      }, keys);
    for (const [path, there] of rows) {
      await go(path);
      await page.locator(there).first().waitFor();
      await page.locator("[data-row]").first().waitFor();
      await page.keyboard.press("j");
      expect([path, await page.locator("[data-row]:focus").count()]).toEqual([path, 1]);
      await page.evaluate(() => document.activeElement instanceof HTMLElement && document.activeElement.blur());
      const { count, focused } = await walk(["j", "j", "k"]);
      expect([path, ...focused]).toEqual([path, 0, Math.min(1, count - 1), 0]);
    }

    // A key of the page stands in the list beside those of all pages, and `/` leads to a field, from which Escape leads out.
    await go("/streams");
    await page.locator(".rows").waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("gs?");
    expect(await page.getByLabel("Begins with").inputValue()).toBe("gs?");
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
    await page.keyboard.press("Escape");
    await go("/followers");
    await page.locator(".rows").waitFor();
    await page.keyboard.press("/");
    await page.getByRole("heading", { name: "Streams" }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("times are told by their age or with their date and zone, as was chosen, and stay so", async ({ visit, store }) => {
    await store.appendToStream("cart-1", [{ type: "Opened", data: {} }]);
    const { page, go } = await visit();
    await go("/streams");
    const time = page.locator(".rows time");
    await time.waitFor();
    const dated = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} (UTC|[+−]\d\d:\d\d)$/;
    expect([await time.textContent(), await time.getAttribute("title")]).toEqual([expect.stringMatching(/ago|now/), expect.stringMatching(dated)]);
    await page.keyboard.press("t");
    expect(await time.textContent()).toMatch(dated);
    await page.reload();
    await time.waitFor();
    expect(await time.textContent()).toMatch(dated);
  });
});
