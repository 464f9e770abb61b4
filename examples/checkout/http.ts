import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { json } from "node:stream/consumers";

/**
 * Serves HTTP on this machine, on a port that is free, below a path that nobody else has. The port of a server that has closed comes to another one:
 * what is meant for the first is not found there, and is not taken for its own.
 *
 * @param handle - Gets the path below the server's own.
 */
export async function serve(
  handle: (message: IncomingMessage, response: ServerResponse, path: string) => void,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const own = `/${randomUUID()}`;
  const server = createServer((message, response) => {
    const { url = "" } = message;
    if (url.startsWith(own)) handle(message, response, url.slice(own.length));
    else response.writeHead(404).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("the server has no port");
  return {
    url: `http://127.0.0.1:${address.port}${own}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      // Requests that are never answered, and connections that wait for the next one.
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The JSON of a request, which is trusted to be what its sender says. */
export async function bodyOf<Body>(message: IncomingMessage): Promise<Body> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a service of the example, and its shop
  return (await json(message)) as Body;
}

/** Whether the receiver has taken it. */
export async function postJson(url: string, body: object, signal: AbortSignal): Promise<boolean> {
  const options = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), signal };
  return await fetch(url, options).then(
    ({ ok }) => ok,
    () => false,
  );
}
