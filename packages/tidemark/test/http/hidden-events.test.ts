import type { EventStore } from "tidemark";
import { type LogHandler, serveLog, type ServeLogOptions } from "tidemark/http";
import { describe, expect, test } from "../support/test.ts";

const hidden = (count: number): { type: string; data: object }[] => Array.from({ length: count }, () => ({ type: "Secret", data: {} }));
const shown = { type: "ItemAdded", data: {} };

/** Shows nothing of secrets, and reads one event a page. */
function serve(store: EventStore, options: Partial<ServeLogOptions> = {}): LogHandler {
  return serveLog(store, {
    authorize: () => ({}),
    map: ({ type }) => (type === "Secret" ? undefined : type),
    pageEvents: 1,
    onError: () => {},
    ...options,
  });
}

const ask = (handler: LogHandler, query: string): Promise<Response> => handler(new Request(`https://shop.example/log?${query}`));

/** Polls until there are events. @returns The events, and the offset and status of each answer. */
async function poll(handler: LogHandler, most: number): Promise<{ readonly events: unknown; readonly answers: readonly string[] }> {
  const answers: string[] = [];
  let offset = "-1";
  for (let polls = 0; polls < most; polls++) {
    const answer = await ask(handler, `offset=${offset}&live=long-poll`);
    offset = answer.headers.get("stream-next-offset") ?? "";
    answers.push(`${answer.status} ${Number(offset)} ${answer.headers.get("stream-up-to-date")}`);
    const events: unknown = answer.status === 200 ? await answer.json() : [];
    if (Array.isArray(events) && events.length > 0) return { events, answers };
  }
  return { events: undefined, answers };
}

describe("pages of events that the application hides", () => {
  test("keep no long poll from what is behind them", async ({ store }) => {
    await store.appendToStream("cart-1", [...hidden(3), shown]);
    await using handler = serve(store, { longPollMs: 600_000 });
    const last = (await ask(handler, "offset=now")).headers.get("stream-next-offset");
    expect(await poll(handler, 1)).toEqual({ events: ["ItemAdded"], answers: [`200 ${Number(last)} true`] });
  });

  test("are passed by long polls that end before they do", async ({ store }) => {
    await store.appendToStream("cart-1", [...hidden(3), shown]);
    // To look at an event takes longer than a poll.
    const slow = ({ type }: { readonly type: string }): string | undefined => {
      for (const begun = performance.now(); performance.now() < begun + 2;);
      return type === "Secret" ? undefined : type;
    };
    await using handler = serve(store, { longPollMs: 1, map: slow });
    const { events, answers } = await poll(handler, 10);
    expect(events).toEqual(["ItemAdded"]);
    expect(answers.length).toBeGreaterThan(1);
    expect(answers[0]).toMatch(/^200 \d+ null$/);
  });

  test("are told to readers of an event stream, which go on behind them", async ({ store }) => {
    await store.appendToStream("cart-1", [...hidden(3), shown]);
    const stored = await store.readAll().toArray();
    await using handler = serve(store);
    const reader = (await ask(handler, "offset=-1&live=sse")).body?.getReader();
    let text = "";
    while (!text.includes('"upToDate":true')) text += new TextDecoder().decode((await reader?.read())?.value);
    await reader?.cancel();
    const places = [...text.matchAll(/"streamNextOffset":"(\d+)"/g)].map(([, offset]) => Number(offset));
    expect(places.slice(0, 3)).toEqual(stored.slice(0, 3).map(({ position }) => position));
    expect(text.match(/^data:\[.*$/gm)).toEqual(['data:["ItemAdded"]']);
  });
});
