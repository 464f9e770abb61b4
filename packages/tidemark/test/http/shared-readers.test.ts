import { serveLog } from "tidemark/http";
import { describe, eventually, expect, test } from "../support/test.ts";

const timesIn = (text: string, part: string): number => text.split(part).length - 1;

/** Reads an event stream until its text has something. */
async function textUntil(response: Response, done: (text: string) => boolean): Promise<string> {
  const reader = response.body?.getReader();
  let text = "";
  while (!done(text)) {
    const next = await reader?.read();
    if (!next || next.done) break;
    text += new TextDecoder().decode(next.value);
  }
  await reader?.cancel();
  return text;
}

describe("readers that share a live log", () => {
  test("see nothing of what the application adds to the filter of the first of them", async ({ store }) => {
    await store.appendToStream("cart-1", [{ type: "ItemAdded", data: {} }]);
    await store.appendToStream("secret-1", [{ type: "SecretTold", data: {} }]);
    const categories = ["cart"];
    const shared = { filter: { categories } };
    await using handler = serveLog(store, { authorize: ({ headers }) => (headers.has("first") ? shared : { filter: { categories: ["cart"] } }) });
    const ask = (headers: Record<string, string>): Promise<Response> => handler(new Request("https://shop.example/log?offset=-1&live=sse", { headers }));
    const first = await ask({ first: "1" });
    categories.push("secret");
    // It finds the live log of the first, and reads pages of it.
    const text = await textUntil(await ask({}), (seen) => seen.includes('"upToDate":true'));
    await first.body?.cancel();
    expect([timesIn(text, "ItemAdded"), timesIn(text, "SecretTold")]).toEqual([1, 0]);
  });

  test("end once where an event cannot be shown, and the application hears why", async ({ store }) => {
    const errors: unknown[] = [];
    const boom = new Error("This event cannot be shown.");
    await using handler = serveLog(store, {
      authorize: () => ({}),
      onError: (error) => errors.push(error),
      map: ({ type }) => {
        if (type === "Bad") throw boom;
        return type;
      },
    });
    const ask = (): Promise<Response> => handler(new Request("https://shop.example/log?offset=now&live=sse"));
    const ended = [await ask(), await ask()].map((response) => response.text());
    await store.appendToStream("cart-1", [{ type: "Bad", data: {} }]);
    expect(await Promise.all(ended)).toHaveLength(2);
    await eventually(() => expect(errors).toEqual([boom]));
  });

  test("are none once the handler is closed, also where the application was still to say what they may read", async ({ store }) => {
    const asked = Promise.withResolvers<void>();
    const allowed = Promise.withResolvers<Record<string, never>>();
    const handler = serveLog(store, {
      authorize: () => {
        asked.resolve();
        return allowed.promise;
      },
      onError: () => {},
    });
    const answer = handler(new Request("https://shop.example/log?offset=now&live=sse"));
    await asked.promise;
    await handler.close();
    allowed.resolve({});
    const { status, body } = await answer;
    await body?.cancel();
    expect(status).toBe(503);
  });
});
