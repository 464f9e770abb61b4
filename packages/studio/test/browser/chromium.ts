import { type Browser, chromium, type Page } from "playwright-core";
import { serveStudio, type ServeStudioOptions } from "@tidemark/studio";
import type { EventStore } from "tidemark";
import { expect, test as base } from "../../../tidemark/test/support/test.ts";
import { executable } from "./executable.ts";

/** Where the machine is busy with other tests, a page may take long: only what never comes is a failure. */
const patienceMs = 120_000;

/** A page that looks at the store of the test, and what it complained of. */
export interface Visit {
  readonly page: Page;
  /** The address below which the pages are. */
  readonly root: string;
  /** What the page, the browser and its security policy complained of: dialogs, errors, refused scripts and styles. */
  readonly complaints: readonly string[];
  go(path: string): Promise<void>;
}

export type VisitOptions = ServeStudioOptions & { readonly width?: number; readonly dark?: boolean };

/** One browser for a file, and for each visit a window that knows nothing of others. */
export const test = base
  .extend("browser", { scope: "file" }, async ({}, { onCleanup }): Promise<Browser> => {
    const browser = await chromium.launch({ executablePath: executable ?? "", args: ["--no-sandbox"], timeout: patienceMs });
    onCleanup(() => browser.close());
    return browser;
  })
  .extend("visit", ({ browser, store, schema }, { onCleanup }) => {
    const ends: (() => Promise<void>)[] = [];
    onCleanup(async () => {
      for (const end of ends) await end();
    });
    return async ({ width = 1360, dark = false, ...options }: VisitOptions = {}, of: EventStore = store): Promise<Visit> => {
      const served = await serveStudio(of, { schema, timeoutMs: 60_000, ...options });
      const context = await browser.newContext({
        viewport: { width, height: 900 },
        colorScheme: dark ? "dark" : "light",
        permissions: ["clipboard-read", "clipboard-write"],
      });
      ends.push(
        () => context.close(),
        () => served.close(),
      );
      const page = await context.newPage();
      page.setDefaultTimeout(patienceMs);
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("console", (message) => {
        // What the server refuses is shown on the page, and told by the browser as well.
        if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) complaints.push(message.text());
      });
      page.on("dialog", (dialog) => {
        complaints.push(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      const root = new URL("/", served.url).href;
      const go = async (path: string): Promise<void> => {
        await page.goto(new URL(path, root).href);
      };
      await page.goto(served.url);
      return { page, root, complaints, go };
    };
  });

/** Stands in the list of tests in the place of those that need a browser. */
export function tellThatNothingWasTested(): void {
  test("was NOT tested: Chromium is not installed", () => {
    console.warn("The studio was not tested in a browser: there is no Chromium. apt-get install chromium, or set TIDEMARK_CHROMIUM");
    expect(executable).toBeUndefined();
  });
}

export { executable } from "./executable.ts";
export { describe, expect } from "vitest";
