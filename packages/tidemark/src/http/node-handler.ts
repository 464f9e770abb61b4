import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { takeReader } from "./event-stream.ts";
import type { LiveReader } from "./live-reader.ts";
import { problemResponse } from "./problem.ts";

/** A request as Express adds to it: the address before a router took its own part away. */
type NodeRequest = IncomingMessage & { readonly originalUrl?: string };

/**
 * Returns a listener for `node:http`, Express and Nest that answers with a handler of the fetch standard, such as `serveLog` returns. Its request aborts when the
 * client goes away, and a client that reads slowly is waited for.
 *
 * @param handler - Called with each request.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 *
 * const server = createServer(nodeHandler(serveLog(store, { authorize: () => ({}) })));
 * server.close();
 * ```
 */
export function nodeHandler(handler: (request: Request) => Promise<Response>): (request: IncomingMessage, response: ServerResponse) => void {
  return (incoming, outgoing) => {
    respond(handler, incoming, outgoing).catch(() => outgoing.destroy());
  };
}

async function respond(handler: (request: Request) => Promise<Response>, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  let answer: Response;
  try {
    answer = await handler(fetchRequest(incoming, gone.signal));
  } catch (error) {
    answer = problemResponse(error);
  }
  await send(answer, outgoing, gone.signal);
}

function fetchRequest(incoming: NodeRequest, signal: AbortSignal): Request {
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct)) for (const value of values ?? []) headers.append(name, value);
  const url = URL.parse(incoming.originalUrl ?? incoming.url ?? "/", `http://${incoming.headers.host ?? "localhost"}`) ?? new URL("http://localhost/");
  const { method = "GET" } = incoming;
  if (method === "GET" || method === "HEAD") return new Request(url, { method, headers, signal });
  return new Request(url, { method, headers, signal, body: Readable.toWeb(incoming), duplex: "half" });
}

async function send({ status, headers, body }: Response, outgoing: ServerResponse, gone: AbortSignal): Promise<void> {
  if (gone.aborted) return await body?.cancel();
  const cookies = headers.getSetCookie();
  // Of all headers, only these may not be one list.
  outgoing.writeHead(status, { ...Object.fromEntries(headers), ...(cookies.length > 0 && { "set-cookie": cookies }) });
  if (!body) return void outgoing.end();
  outgoing.flushHeaders();
  const live = takeReader(body);
  if (live) return follow(live, outgoing);
  const reader = body.getReader();
  const leave = (): void => void reader.cancel().catch(() => {});
  gone.addEventListener("abort", leave, { once: true });
  try {
    for (let next = await reader.read(); !next.done && !gone.aborted; next = await reader.read()) {
      if (!outgoing.write(next.value)) await once(outgoing, "drain", { signal: gone });
    }
    outgoing.end();
  } catch {
    // The client is gone, or the body failed in the middle: it must not look like a whole one.
    outgoing.destroy();
  } finally {
    gone.removeEventListener("abort", leave);
  }
}

/** Writes an event stream without a promise, a timer or a signal for each client. A client that reads slowly is waited for. */
function follow(reader: LiveReader, outgoing: ServerResponse): void {
  outgoing.on("drain", () => reader.flow());
  outgoing.once("close", () => reader.leave());
  reader.open({
    write: (bytes) => outgoing.write(bytes),
    // What a client has not taken by now must not keep its connection open.
    end: () => void (outgoing.writableNeedDrain ? outgoing.destroy() : outgoing.end()),
  });
}
