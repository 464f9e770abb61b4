import { once } from "node:events";
import { createServer } from "node:http";
import { expectedVersionOf, idempotencyIds, nodeHandler } from "tidemark/http";
import { describe, expect, test } from "../support/test.ts";

/** Serves until the answer of one request has been read. @param send - Sends the request to a port. */
async function answered<T>(handler: (request: Request) => Promise<Response>, send: (port: number) => Promise<T>): Promise<T> {
  const server = createServer(nodeHandler(handler)).listen(0, "127.0.0.1");
  try {
    await once(server, "listening");
    const address = server.address();
    return await send(typeof address === "object" ? (address?.port ?? 0) : 0);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

describe("nodeHandler", () => {
  test("sends each cookie of an answer", async () => {
    const handler = (): Promise<Response> => {
      const headers = new Headers({ "x-one": "1" });
      for (const cookie of ["a=1; Path=/", "b=2; Path=/"]) headers.append("set-cookie", cookie);
      return Promise.resolve(new Response("ok", { headers }));
    };
    const { headers } = await answered(handler, (port) => fetch(`http://127.0.0.1:${port}/`));
    expect([headers.getSetCookie(), headers.get("x-one")]).toEqual([["a=1; Path=/", "b=2; Path=/"], "1"]);
  });
});

describe("headers of a request", () => {
  test("are found however their names are written, and in those of another library", () => {
    expect(expectedVersionOf({ headers: { "If-Match": '"7"' } })).toBe(7);
    expect(idempotencyIds({ headers: { "Idempotency-Key": "k-1" } }).key).toBe("k-1");
    // As little of one as the types ask for.
    const holder = { headers: new Headers() };
    Reflect.set(holder, "headers", new Map([["if-match", '"8"']]));
    expect(expectedVersionOf(holder)).toBe(8);
  });
});
