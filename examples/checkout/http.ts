import { once } from "node:events";
import type { IncomingMessage, Server } from "node:http";
import { json } from "node:stream/consumers";

/** Has a server listen on this machine, on a port that is free. */
export async function listen(server: Server): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("the server has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
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
