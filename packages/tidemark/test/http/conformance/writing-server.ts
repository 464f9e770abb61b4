import type { EventStore } from "tidemark";
import type { LogHandler } from "tidemark/http";

const isJson = (type: string): boolean => type.includes("json");
const plain = (type: string): string => type.split(";")[0]?.trim().toLowerCase() ?? "";

/**
 * What a log that can only be read lacks for the suite: streams that are created and appended to over HTTP. A text is an event whose data it is. All that is
 * read comes from the handler, with its headers; only of a text the JSON is taken off.
 */
export function writingServer(store: EventStore, handler: LogHandler): (request: Request) => Promise<Response> {
  const types = new Map<string, string>();
  const read = (request: Request, key: string): Promise<Response> =>
    handler(
      new Request(new URL(`/streams/${key}${new URL(request.url).search}`, request.url), {
        method: request.method,
        headers: request.headers,
        signal: request.signal,
      }),
    );
  const appended = async (request: Request, key: string, status: number, type: string): Promise<Response> => {
    const head = await handler(new Request(new URL(`/streams/${key}`, request.url), { method: "HEAD" }));
    const next = head.headers.get("stream-next-offset") ?? "";
    return new Response(null, {
      status,
      headers: { location: request.url, "content-type": type, "stream-next-offset": next, "x-content-type-options": "nosniff" },
    });
  };
  const create = async (request: Request, key: string, type: string): Promise<Response> => {
    if (types.has(key)) return await appended(request, key, 200, type);
    types.set(key, type);
    // A stream is there from its first event on.
    await store.appendToStream(key, [created, ...(await eventsOf(request, type))]);
    return await appended(request, key, 201, type);
  };
  const append = async (request: Request, key: string, type: string): Promise<Response> => {
    const own = types.get(key);
    if (own === undefined) return new Response(null, { status: 404 });
    if (plain(own) !== plain(type)) return new Response(null, { status: 409 });
    const events = await eventsOf(request, own).catch(() => []);
    if (events.length === 0) return new Response(null, { status: 400 });
    await store.appendToStream(key, events);
    return await appended(request, key, 204, own);
  };
  return async (request) => {
    const key = `s-${Buffer.from(new URL(request.url).pathname).toString("base64url").slice(-400)}`;
    const type = request.headers.get("content-type") ?? "application/octet-stream";
    if (request.method === "PUT") return await create(request, key, type);
    if (request.method === "POST") return await append(request, key, type);
    return await asText(request, await read(request, key), types.get(key) ?? "application/json");
  };
}

export const created = { type: "Created", data: {} };

async function eventsOf(request: Request, type: string): Promise<{ type: string; data: unknown }[]> {
  const text = await request.text();
  if (text === "") return [];
  const found: unknown = isJson(type) ? JSON.parse(text) : text;
  return (Array.isArray(found) ? found : [found]).map((data: unknown) => ({ type: "Written", data }));
}

async function asText(request: Request, answer: Response, type: string): Promise<Response> {
  const stream = answer.headers.get("content-type") === "text/event-stream";
  if (isJson(type) || stream || answer.status !== 200) return answer;
  const headers = new Headers(answer.headers);
  headers.set("content-type", type);
  const texts: string[] = request.method === "HEAD" ? [] : JSON.parse(await answer.text());
  return new Response(texts.join(""), { headers });
}
