import { connect } from "node:net";
import { studio } from "@tidemark/studio";
import { nodeHandler } from "../src/server/node/handler.ts";
import { limitsOf, listen } from "../src/server/node/listen.ts";
import { eventually, expect, test } from "../../tidemark/test/support/test.ts";
import { get, statusOf } from "./support.ts";

/** Sends the beginning of a request, and then a little of the rest again and again. Resolves when the server has cut it off. */
function trickle(port: number, begin: string, rest: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = connect(port, "127.0.0.1", () => void socket.write(begin));
  socket.resume();
  // The server may cut it off while it writes.
  socket.on("error", () => {});
  const more = rest === "" ? undefined : setInterval(() => void socket.write(rest), 20);
  socket.on("close", () => {
    clearInterval(more);
    resolve();
  });
  return promise;
}

test("whoever sends a request slowly is cut off, and nobody else is", async ({ openStore, schema }) => {
  const store = await openStore({ pool: { queryTimeoutMs: 600_000, connectionTimeoutMs: 600_000 } });
  const panel = studio(store, { schema, role: "admin" });
  const { port, close } = await listen(nodeHandler(panel), 0, "127.0.0.1", limitsOf(1_000));
  const headers = { host: "localhost", authorization: `Bearer ${panel.token}` };
  const bearer = `host: localhost\r\nauthorization: Bearer ${panel.token}\r\n`;
  // An answer that goes on for longer than any request may come.
  let told = "";
  let isCut = false;
  const tail = await eventually(async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/tail`, { headers: { authorization: headers.authorization } });
    expect(answer.status).toBe(200);
    return answer;
  });
  const reading = (async () => {
    for await (const part of tail.body ?? []) told += new TextDecoder().decode(part);
  })();
  void reading.catch(() => {}).then(() => (isCut = true));
  const slow = [
    trickle(port, "", ""),
    trickle(port, "GET / HTT", ""),
    trickle(port, `GET /api/overview HTTP/1.1\r\n${bearer}`, "x-more: of it\r\n"),
    trickle(
      port,
      `POST /api/changes/pause HTTP/1.1\r\n${bearer}origin: http://localhost\r\ncontent-type: application/json\r\nx-tidemark-studio: change\r\ncontent-length: 60000\r\n\r\n{`,
      " ",
    ),
    trickle(port, `POST /api/streams HTTP/1.1\r\n${bearer}transfer-encoding: chunked\r\n\r\n`, "1\r\nx\r\n"),
  ];
  await Promise.all(slow);
  expect(isCut).toBe(false);
  await eventually(async () => expect(await statusOf(port, "/api/streams", headers)).toBe(200));
  await store.appendToStream("cart-1", [{ type: "Opened", data: {} }]);
  await eventually(() => expect(told).toContain("Opened"));
  expect((await get(panel, "/api/streams")).status).toBe(200);
  await close();
});

test("they are looked for a good deal more often than they may take", () => {
  const { headersTimeout = 0, requestTimeout = 0, connectionsCheckingInterval = Infinity } = limitsOf(10_000);
  expect([headersTimeout, requestTimeout]).toEqual([10_000, 10_000]);
  expect(connectionsCheckingInterval).toBeLessThanOrEqual(1_000);
});
