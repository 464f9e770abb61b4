import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, executable, expect, tellThatNothingWasTested, test } from "./chromium.ts";

/** A page of another origin on the same host, to which the browser would send the studio's cookie: another port is the same site. */
const html = `<!doctype html><title>Elsewhere</title><h1>Elsewhere</h1>`;

describe("a page of another origin", () => {
  if (executable === undefined) return tellThatNothingWasTested();

  test("reads, follows, frames, runs and changes nothing, though its visitor is let in", async ({ visit, store, onTestFinished }) => {
    await store.appendToStream("cart-1", [{ type: "Opened", data: { secret: "of the store" } }]);
    const { page, root, go } = await visit({ role: "admin" });
    await go("/streams");
    await page.getByRole("link", { name: "cart-1" }).waitFor();
    const server = createServer((_request, response) => response.writeHead(200, { "content-type": "text/html" }).end(html)).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server with a port has no other
    const { port } = server.address() as AddressInfo;
    const elsewhere = await page.context().newPage();
    await elsewhere.goto(`http://127.0.0.1:${port}/`);
    const got = await elsewhere.evaluate(async (studio) => {
      const fetched = (path: string, init: RequestInit): Promise<string> =>
        fetch(studio + path, { credentials: "include", ...init }).then(
          async (response) => `${response.type} ${response.status} ${await response.text()}`,
          () => "refused",
        );
      const loaded = (element: HTMLElement & { src: string }, src: string): Promise<string> =>
        new Promise((resolve) => {
          element.addEventListener("load", () => resolve("loaded"));
          element.addEventListener("error", () => resolve("refused"));
          element.src = studio + src;
          document.body.append(element);
        });
      const followed = new Promise<string>((resolve) => {
        const source = new EventSource(`${studio}api/tail`, { withCredentials: true });
        source.addEventListener("message", ({ data }) => resolve(String(data)));
        source.addEventListener("error", () => {
          source.close();
          resolve("refused");
        });
      });
      await loaded(document.createElement("iframe"), "streams");
      return {
        read: await fetched("api/stream?id=cart-1", {}),
        opaque: await fetched("api/stream?id=cart-1", { mode: "no-cors" }),
        followed: await followed,
        script: await loaded(document.createElement("script"), "assets/studio.js"),
        changed: await fetched("api/changes/pause", {
          method: "POST",
          headers: { "content-type": "application/json", "x-tidemark-studio": "change" },
          body: "{}",
        }),
        sent: await fetched("api/changes/pause", { method: "POST", mode: "no-cors", body: "{}" }),
      };
    }, root);
    expect(got).toEqual({
      read: "refused",
      opaque: "refused",
      followed: "refused",
      script: "refused",
      changed: "refused",
      sent: "refused",
    });
    // Where the browser refuses a frame, it shows a page of its own.
    expect(elsewhere.frames().map((frame) => frame.url().startsWith(root))).toEqual([false, false]);
    expect(await store.audit.list()).toEqual([]);
    await elsewhere.goto(`${root}streams`);
    await elsewhere.getByRole("link", { name: "cart-1" }).waitFor();
  });
});
