import { causedBy, withMetadata, type EventStore } from "tidemark";
import { describe, executable, expect, tellThatNothingWasTested, test } from "./chromium.ts";

async function shop(store: EventStore): Promise<void> {
  await store.appendToStream(
    "cart-7",
    Array.from({ length: 60 }, (_, n) => ({ type: "ItemAdded", data: { sku: "tea", n }, tags: ["sku:tea"] })),
  );
  await Promise.all(["cart-8", "order-1"].map((id) => store.appendToStream(id, [{ type: "Opened", data: {} }])));
}

describe("in Chromium", () => {
  if (executable === undefined) return tellThatNothingWasTested();

  test("the overview of an empty store says how to begin, and what comes is there by itself", async ({ visit, store }) => {
    const { page, complaints } = await visit();
    await page.getByRole("heading", { name: "No events yet" }).waitFor();
    expect(await page.locator("main").textContent()).toContain("npx tidemark append cart-1");
    await shop(store);
    await page.getByRole("heading", { name: "No events yet" }).waitFor({ state: "detached" });
    await page.getByText("62", { exact: true }).first().waitFor();
    expect(complaints).toEqual([]);
  });

  test("the token leaves the address, and the pages stay open", async ({ visit }) => {
    const { page, go } = await visit();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    expect(page.url()).not.toContain("token");
    await go("/streams");
    await page.getByRole("heading", { name: "No streams yet" }).waitFor();
  });

  test("streams are found by their beginning, the address says so, and Enter opens the first", async ({ visit, store }) => {
    await shop(store);
    const { page, go } = await visit();
    await go("/streams");
    await page.getByRole("link", { name: "order-1" }).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("cart-");
    await page.getByRole("link", { name: "order-1" }).waitFor({ state: "detached" });
    expect(new URL(page.url()).search).toBe("?prefix=cart-");
    await page.reload();
    await page.getByRole("link", { name: "cart-8" }).waitFor();
    await page.getByLabel("Begins with").press("Enter");
    await page.getByRole("heading", { name: "cart-7" }).waitFor();
  });

  test("streams go on with the next page, back to each before it, and begin anew with another search", async ({ visit, store }) => {
    const named = (n: number): string => `bulk-${String(n).padStart(3, "0")}`;
    for (let n = 0; n < 150; n += 50)
      await store.appendToStreams(Array.from({ length: 50 }, (_, at) => ({ streamId: named(n + at), events: [{ type: "Opened", data: {} }] })));
    const { page, go } = await visit();
    const first = async (n: number): Promise<void> => {
      await page.getByRole("link", { name: named(n), exact: true }).waitFor();
      expect(await page.locator(".rows tbody th").first().textContent()).toBe(named(n));
    };
    const [back, more] = [page.getByRole("button", { name: "Back" }), page.getByRole("button", { name: "More" })];
    await go("/streams");
    await first(0);
    expect(await back.isDisabled()).toBe(true);
    await more.click();
    await first(50);
    await more.click();
    await first(100);
    expect(await more.isDisabled()).toBe(true);
    await back.click();
    await first(50);
    await back.click();
    await first(0);
    await more.click();
    await first(50);
    await page.getByLabel("Begins with").fill("bulk-00");
    await first(0);
    expect(await back.count()).toBe(0);
  });

  test("keys go everywhere", async ({ visit, store }) => {
    await shop(store);
    const { page } = await visit();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("g");
    await page.keyboard.press("s");
    await page.getByRole("link", { name: "cart-7" }).waitFor();
    for (const key of ["j", "j", "j", "k"]) await page.keyboard.press(key);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "cart-8" }).waitFor();
    await page.locator(".summary").first().waitFor();
    await page.keyboard.press("e");
    await page.getByLabel("Data of version 1", { exact: true }).waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("o");
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    const theme = (): Promise<string | undefined> => page.evaluate(() => document.documentElement.dataset["theme"]);
    await page.keyboard.press("d");
    expect(await theme()).toBe("light");
    await page.keyboard.press("d");
    expect(await theme()).toBe("dark");
    await page.reload();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    expect(await theme()).toBe("dark");
  });

  test("a stream turns its pages, jumps to a version, and its address can be shared", async ({ visit, store }) => {
    await shop(store);
    const { page, go } = await visit();
    await go("/stream?id=cart-7");
    await page.getByText("versions 11 to 60 of 60").waitFor();
    await page.getByRole("button", { name: "Older" }).click();
    await page.getByText("versions 1 to 10 of 60").waitFor();
    await page.reload();
    await page.getByText("versions 1 to 10 of 60").waitFor();
    await page.getByRole("button", { name: "Oldest first" }).click();
    await page.getByText("versions 1 to 50 of 60").waitFor();
    await page.getByLabel("Version").fill("55");
    await page.getByLabel("Version").press("Enter");
    await page.getByText("versions 55 to 60 of 60").waitFor();
  });

  test("a stream that is followed shows what comes, but not under the pointer", async ({ visit, store }) => {
    await shop(store);
    const { page, go } = await visit();
    await go("/stream?id=cart-8&follow=yes");
    await page.locator(".summary").first().waitFor();
    await store.appendToStream("cart-8", [{ type: "Renamed", data: {} }]);
    await page.locator(".summary", { hasText: "Renamed" }).waitFor();
    await page.locator(".summary").last().hover();
    await store.appendToStream("cart-8", [{ type: "Closed", data: {} }]);
    await page.getByRole("button", { name: "Show 1 new event" }).waitFor();
    expect(await page.locator(".summary").first().textContent()).toContain("Renamed");
    await page.mouse.move(0, 0);
    await page.locator(".summary", { hasText: "Closed" }).waitFor();
    expect(await page.locator(".summary").allTextContents()).toMatchObject([/Closed/, /Renamed/, /Opened/].map((type) => expect.stringMatching(type)));
  });

  test("a state shows what each version changed, jumps, and follows", async ({ visit, store }) => {
    await shop(store);
    const cart = { initialState: () => ({ items: 0 }), evolve: ({ items }: { items: number }) => ({ items: items + 1 }) };
    const { page, go, complaints } = await visit({ deciders: { cart } });
    await go("/stream?id=cart-7");
    await page.getByRole("link", { name: "State and its history" }).click();
    const changes = (): Promise<string[]> => page.locator(".changes tbody tr > *").allTextContents();
    await page.getByRole("heading", { name: "State at version 60" }).waitFor();
    expect(await changes()).toEqual(["items", "59", "60"]);
    await page.keyboard.press("p");
    await page.getByRole("heading", { name: "State at version 59" }).waitFor();
    expect(new URL(page.url()).searchParams.get("version")).toBe("59");
    await page.getByRole("textbox", { name: "Version" }).fill("1");
    await page.getByRole("textbox", { name: "Version" }).press("Enter");
    await page.getByRole("heading", { name: "State at version 1", exact: true }).waitFor();
    expect(await changes()).toEqual(["items", "0", "1"]);
    await page.getByRole("button", { name: "Before" }).click();
    await page.getByRole("heading", { name: "Before the first event" }).waitFor();
    await page.locator("h1").click();
    await page.keyboard.press("f");
    await page.getByRole("heading", { name: "State at version 60" }).waitFor();
    await store.appendToStream("cart-7", [{ type: "ItemAdded", data: {} }]);
    await page.getByRole("heading", { name: "State at version 61" }).waitFor();
    await go("/state?id=order-1");
    await page.getByRole("heading", { name: "Nothing says what these events come to" }).waitFor();
    expect(await page.locator(".empty").textContent()).toContain('deciders: { "order": decider }');
    expect(complaints).toEqual([]);
  });

  test("an event shows every digit, its causes and effects, and copies itself", async ({ visit, store, schema, sql }) => {
    await store.indexes.create("causation");
    await store.appendToStream("cart-7", [{ type: "CartConfirmed", data: { total: 1 } }]);
    const [root] = await store.readStream("cart-7").toArray();
    await withMetadata(causedBy(root ?? expect.unreachable()), () => store.appendToStream("order-7", [{ type: "OrderPlaced", data: { note: "it's" } }]));
    const table = `"${schema.replaceAll('"', '""')}".events`;
    await sql.query(
      `set session_replication_role = replica; update ${table} set data = '{"total": 123456789012345678901234567890}' where version = 1 and type = 'CartConfirmed'; set session_replication_role = origin`,
    );
    const { page, go, complaints } = await visit();
    await go(`/event?id=${root?.id}`);
    await page.getByText("123456789012345678901234567890").waitFor();
    const copied = async (label: string): Promise<string> => {
      await page.getByRole("group", { name: "Copy" }).getByText(label, { exact: true }).click();
      await page.getByText("Copied").waitFor();
      await page.getByText("Copied").waitFor({ state: "detached" });
      return page.evaluate(() => navigator.clipboard.readText());
    };
    expect(await copied("Fixture")).toBe('{\n  type: "CartConfirmed",\n  data: {\n    "total": 123456789012345678901234567890\n  },\n}');
    const { rows } = await sql.query(await copied("SQL"));
    expect(rows).toMatchObject([{ stream: "cart-7", type: "CartConfirmed" }]);
    expect(await copied("curl")).toContain(`/api/event?id=${root?.id}'`);
    await page.locator(".tree").getByRole("link", { name: "OrderPlaced" }).click();
    await page.getByRole("heading", { name: "OrderPlaced" }).waitFor();
    expect(await page.locator(".tree .node").allTextContents()).toMatchObject([/^CartConfirmed/, /^OrderPlaced/].map((type) => expect.stringMatching(type)));
    await page.goBack();
    await page.getByRole("heading", { name: "CartConfirmed" }).waitFor();
    expect(complaints).toEqual([]);
  });

  test.for([
    ["/stream?id=absent", "There is no such stream"],
    ["/event?id=absent", "There is no such event"],
    ["/state?id=absent", "There is no such stream"],
    ["/streams?prefix=absent", "No stream fits"],
  ] as const)("%s says what to do", async ([path, title], { visit, store }) => {
    await shop(store);
    const { page, go } = await visit();
    await go(path);
    await page.getByRole("heading", { name: title }).waitFor();
    expect(await page.locator(".empty a").count()).toBeGreaterThan(0);
  });

  test("a server that has gone is told of, and one that is back is asked again", async ({ visit, store }) => {
    const { page } = await visit({}, store);
    await page.getByRole("heading", { name: "No events yet" }).waitFor();
    await page.getByText("Nothing is wrong").or(page.locator(".findings")).first().waitFor();
    await page.context().setOffline(true);
    await page.getByRole("alert").first().waitFor();
    expect(await page.getByRole("alert").first().textContent()).toContain("The studio is gone");
    await page.context().setOffline(false);
    await page.getByRole("alert").first().waitFor({ state: "detached" });
    await page.getByRole("heading", { name: "No events yet" }).waitFor();
  });
});
