import { studio } from "@tidemark/studio";
import { routes } from "../src/server/api/routes.ts";
import { firstQuestions, type PagePath } from "../src/wire/first-questions.ts";
import { expect, test } from "../../tidemark/test/support/test.ts";
import { get } from "./support.ts";

const paths: readonly PagePath[] = ["/", "/streams", "/stream", "/documents", "/document", "/processes", "/dead-letter", "/live", "/audit"];

/** The addresses that a page has the browser ask, as the browser reads them. */
function askedBy(html: string): readonly string[] {
  return [...html.matchAll(/<link rel="preload" as="fetch" crossorigin="anonymous" href="([^"<>]*)">/g)].map(([, address = ""]) =>
    address.replaceAll(/&#(\d+);/g, (_whole, code: string) => String.fromCharCode(Number(code))),
  );
}

test("a page's first questions are calls that there are", () => {
  for (const path of paths) {
    for (const [call] of firstQuestions(new URL(`http://localhost${path}?collection=carts`))) expect(Object.keys(routes)).toContain(`/${call}`);
  }
});

test("a page has the browser ask them, below the base path and of its tenant, and nothing of the address becomes markup or a token", async ({ store }) => {
  const panel = studio(store, { basePath: "/panel", tenants: "all" });
  const query = `tenant=acme&prefix=${encodeURIComponent('"><script>&amp;é')}&token=${panel.token}&other=1`;
  const html = await (await get(panel, `/panel/streams?${query}`)).text();
  expect(askedBy(html)).toEqual(["/panel/api/streams?tenant=acme&prefix=%22%3E%3Cscript%3E%26amp%3B%C3%A9", "/panel/api/session?tenant=acme"]);
  expect(html.match(/<script/g)).toHaveLength(1);
  expect(html).not.toContain(panel.token);
});

test("a page that there is not asks only who looks", async ({ store }) => {
  const html = await (await get(studio(store), "/nothing?id=1")).text();
  expect(askedBy(html)).toEqual(["/api/session"]);
});
