import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { ReadableStream } from "node:stream/web";
import type { Studio } from "../studio.ts";

/**
 * What Express, Fastify (after `reply.hijack()`, with `raw`) and `node:http` call.
 *
 * @example
 * ```ts
 * const handler: NodeHandler = nodeHandler(studio(store));
 * ```
 */
export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** What Express adds: the path as it was sent, and the body as its parser left it. */
type Incoming = IncomingMessage & { readonly originalUrl?: string; readonly body?: unknown };

/**
 * Makes a handler for Node.js servers of a studio: `app.use("/studio", nodeHandler(panel))` in Express.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { nodeHandler, studio } from "@tidemark/studio";
 *
 * const server = createServer(nodeHandler(studio(store)));
 * ```
 */
export function nodeHandler({ fetch }: Pick<Studio, "fetch">): NodeHandler {
  return (incoming, outgoing) => {
    const left = new AbortController();
    outgoing.on("close", () => left.abort());
    const request = requestOf(incoming, left.signal);
    if (!request) {
      outgoing.writeHead(400, { connection: "close" }).end();
      return;
    }
    // A connection that breaks while it is written to is the browser's affair, and no reason to end the application.
    outgoing.on("error", () => {});
    const answered = fetch(request).then((response) => send(response, outgoing, incoming.method === "HEAD"));
    // What a framework has answered in the meantime, such as that it took too long, cannot be answered again.
    answered.catch(() => outgoing.destroy());
  };
}

/** Undefined: it names no host, two, or an address of its own in place of a path. */
function requestOf(incoming: Incoming, signal: AbortSignal): Request | undefined {
  const { rawHeaders, method = "GET" } = incoming;
  // What is mounted in Express has lost the beginning of its path.
  const path = incoming.originalUrl ?? incoming.url ?? "";
  const headers = new Headers();
  let hosts = 0;
  try {
    for (let index = 0; index < rawHeaders.length; index += 2) {
      const name = rawHeaders[index] ?? "";
      if (name.toLowerCase() === "host") hosts++;
      if (!name.startsWith(":")) headers.append(name, rawHeaders[index + 1] ?? "");
    }
    if (hosts !== 1 || !path.startsWith("/") || path.startsWith("//")) return undefined;
    const init = { method, headers, signal, ...(method === "POST" && bodyOf(incoming)) };
    return new Request(new URL(path, `http://${headers.get("host")}`), init);
  } catch {
    return undefined;
  }
}

/** Only changes have one. What a framework has read and parsed already is made JSON again. */
function bodyOf(incoming: Incoming): Pick<RequestInit, "body"> & { readonly duplex?: "half" } {
  if (incoming.readableEnded || incoming.body !== undefined) return { body: JSON.stringify(incoming.body ?? null) };
  // Whoever reads no further leaves the connection open for the answer. The server lets the rest come and go.
  const body = ReadableStream.from(incoming.iterator({ destroyOnReturn: false }));
  // Typed twice, by the DOM and by Node.js; they are the same.
  return { body: body as NonNullable<RequestInit["body"]>, duplex: "half" };
}

function send(response: Response, outgoing: ServerResponse, isHead: boolean): void {
  outgoing.writeHead(response.status, [...response.headers].flat());
  if (!response.body || isHead) {
    outgoing.end();
    return;
  }
  // Typed twice, by the DOM and by Node.js; they are the same.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  const body = Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
  body.on("error", () => outgoing.destroy());
  outgoing.on("close", () => body.destroy());
  body.pipe(outgoing);
}
