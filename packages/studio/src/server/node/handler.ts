import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
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
export function nodeHandler({ fetch }: Studio): NodeHandler {
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
    void fetch(request).then((response) => send(response, outgoing, incoming.method === "HEAD"));
  };
}

/** Undefined: it names no host, two, or an address of its own in place of a path. The body is left unread: nothing here has use for one. */
function requestOf(incoming: IncomingMessage & { readonly originalUrl?: string }, signal: AbortSignal): Request | undefined {
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
    return new Request(new URL(path, `http://${headers.get("host")}`), { method, headers, signal });
  } catch {
    return undefined;
  }
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
