import { corpus } from "./corpus.ts";
import { describe, executable, expect, tellThatNothingWasTested, test } from "./chromium.ts";

const opened = { type: "Opened", data: {} };

describe("tenants in Chromium", () => {
  if (executable === undefined) return tellThatNothingWasTested();

  test("are listed beside the tables, lead to their pages, stay in the address, and are left again", async ({ visit, store }) => {
    await store.appendToStream("cart-1", [opened]);
    await store.forTenant("acme").appendToStream("order-7", [opened, opened, opened]);
    const { page, go, complaints } = await visit({ tenants: "all" });
    await go("/tenants");
    const row = page.getByRole("group", { name: "Tenants" }).getByRole("row").nth(1);
    await row.getByText("acme").waitFor();
    expect(await row.getByRole("cell").nth(0).textContent()).toBe("3");
    await page.getByRole("group", { name: "Tables" }).getByRole("rowheader", { name: "events", exact: true }).waitFor();
    await row.getByRole("link", { name: "Streams" }).click();
    await page.getByRole("link", { name: "order-7" }).click();
    await page.locator(".summary").nth(2).waitFor();
    expect(new URL(page.url()).searchParams.get("tenant")).toBe("acme");
    await page.reload();
    await page.locator(".summary").nth(2).waitFor();
    await page.getByRole("navigation").getByRole("link", { name: "Streams" }).click();
    await page.getByRole("link", { name: "order-7" }).waitFor();
    expect(await page.getByRole("link", { name: "cart-1" }).count()).toBe(0);
    await page.getByRole("link", { name: "Leave" }).click();
    await page.getByRole("link", { name: "the store itself" }).waitFor();
    await page.getByRole("navigation").getByRole("link", { name: "Streams" }).click();
    await page.getByRole("link", { name: "cart-1" }).waitFor();
    expect(page.url()).not.toContain("tenant");
    expect(complaints).toEqual([]);
  });

  test("whose names mean harm stay text, and lead to their own pages", async ({ visit, store }) => {
    for (const evil of corpus) await store.forTenant(evil).appendToStream("cart-1", [opened]);
    const { page, go, root, complaints } = await visit({ tenants: "all" });
    await go("/tenants");
    const tenants = page.getByRole("group", { name: "Tenants" });
    await tenants.getByRole("row").nth(corpus.length).waitFor();
    expect(new Set(await tenants.getByRole("rowheader").allTextContents())).toEqual(new Set(corpus));
    for (const evil of corpus) {
      await go(`/streams?${new URLSearchParams({ tenant: evil }).toString()}`);
      await page.getByRole("link", { name: "cart-1" }).click();
      await page.locator(".summary").waitFor();
      expect(await page.locator(".tenant strong").textContent()).toBe(evil);
      expect(new URL(page.url()).searchParams.get("tenant")).toBe(evil);
      expect(page.url().startsWith(root)).toBe(true);
      expect(await page.locator("body script, iframe, object, embed, base, body img, body meta, [onerror], [onload], [onmouseover]").count()).toBe(0);
    }
    expect(complaints).toEqual([]);
  });

  test("of a studio that shows one are not listed, and it says how to see them", async ({ visit, store }) => {
    await store.forTenant("acme").appendToStream("order-7", [opened]);
    const { page, go } = await visit();
    await go("/tenants");
    await page.getByRole("heading", { name: "This studio shows one tenant" }).waitFor();
    await page.getByRole("group", { name: "Tables" }).waitFor();
    expect(await page.getByText("acme").count()).toBe(0);
    await go("/streams?tenant=acme");
    await page.getByText("This studio shows one tenant.").waitFor();
  });
});
